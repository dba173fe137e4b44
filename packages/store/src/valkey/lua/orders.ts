/** Orders to instances and their answers. They get through while no memory is left: one of them is to kill. */
export const ORDERS = String.raw`
local WAKES_KEPT = 100

local function wake(order)
  call('XADD', KEYS.orderWakes, 'MAXLEN', '~', WAKES_KEPT, '*', 'order', order)
end

-- Epoch, order, its text, how long to keep it, instances. Again is the same as once.
register('give_order', URGENT, function(args)
  local order, keep = args[2], tonumber(args[4])
  call('SET', KEYS.order .. order, args[3], 'PX', keep)
  for index = 5, #args do
    local key = KEYS.orders .. args[index]
    if call('HEXISTS', KEYS.answers .. order, args[index]) == 0 then
      call('LREM', key, 0, order)
      call('RPUSH', key, order)
      if call('PTTL', key) < keep then call('PEXPIRE', key, keep) end
    end
  end
  wake(order)
  return { 'ok' }
end)

-- Epoch, instance. Gives ids and texts in turn; forgets those whose time is over.
register('waiting_orders', URGENT, function(args)
  local key = KEYS.orders .. args[2]
  local answer = { 'ok' }
  for _, order in ipairs(call('LRANGE', key, 0, -1)) do
    local text = call('GET', KEYS.order .. order)
    if text then
      answer[#answer + 1] = order
      answer[#answer + 1] = text
    else
      call('LREM', key, 0, order)
    end
  end
  return answer
end)

-- Epoch, order, instance, its answer.
register('answer_order', URGENT, function(args)
  local left = call('PTTL', KEYS.order .. args[2])
  call('LREM', KEYS.orders .. args[3], 0, args[2])
  if left > 0 then
    call('HSET', KEYS.answers .. args[2], args[3], args[4])
    call('PEXPIRE', KEYS.answers .. args[2], left)
    wake(args[2])
  end
  return { 'ok' }
end)

-- Epoch, order, instances. Gives their answers, or false.
register('order_answers', READ, function(args)
  local answer = { 'ok' }
  for index = 3, #args do answer[#answer + 1] = call('HGET', KEYS.answers .. args[2], args[index]) end
  return answer
end)
`;
