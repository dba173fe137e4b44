/** Who is there, by the server's clock. Arguments: epoch, milliseconds since the epoch or nothing, then what each names. */
export const INSTANCES = String.raw`
-- Instance, what it says of itself, how long that counts.
register('beat', URGENT, function(args)
  call('HSET', KEYS.instance .. args[3], 'beat', args[4], 'heartbeatAt', now_ms(args[2]), 'ttlMs', args[5])
  call('SADD', KEYS.instances, args[3])
  return { 'ok' }
end)

-- Gives the time, then id, what it said, when, and for how long, of each.
register('list_instances', READ, function(args)
  local answer = { 'ok', now_ms(args[2]) }
  for _, id in ipairs(call('SMEMBERS', KEYS.instances)) do
    local fields = call('HMGET', KEYS.instance .. id, 'beat', 'heartbeatAt', 'ttlMs')
    for _, value in ipairs({ id, fields[1], fields[2], fields[3] }) do answer[#answer + 1] = value end
  end
  return answer
end)

register('remove_instance', URGENT, function(args)
  call('DEL', KEYS.instance .. args[3])
  call('SREM', KEYS.instances, args[3])
  return { 'ok' }
end)
`;
