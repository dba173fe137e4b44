/** Reads single things, and makes a database this installation's. Arguments: epoch, then what each names. */
export const LOOK = String.raw`
-- Expected epoch or nothing, id of a new one, which event its own come after or nothing. Takes over what is there when nothing was expected, but never what an import
-- has not finished.
register_bare('begin', URGENT, function(args)
  if call('EXISTS', KEYS.importing) == 1 then fail('importing') end
  local found = call('GET', KEYS.epoch)
  if args[1] ~= '' then require_epoch(found, args[1]) end
  if not found then
    found = args[2]
    call('SET', KEYS.epoch, found)
    call('SETNX', KEYS.newestEvent, args[3] or 0)
  end
  return { 'ok', found, require_number(call('GET', KEYS.newestEvent), KEYS.newestEvent) }
end)

-- Keys. Gives their texts, or false.
register('read', READ, function(args)
  local answer = { 'ok' }
  for index = 2, #args do answer[index] = call('GET', args[index]) end
  return answer
end)

-- Text. Writes, so that the answer says that writes work.
register('probe', WRITE, function(args)
  call('SET', KEYS.probe, args[2])
  return { 'ok' }
end)
`;
