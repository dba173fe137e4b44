/** Removes the oldest events, with their places. Arguments: epoch, how many to keep, how many to remove at most. */
export const PRUNE = String.raw`
local TRIM_STEP = 100

-- A list that is empty is gone.
local function trim(key, upto)
  if key == KEYS.lifecycle then return call('XTRIM', key, 'MINID', (upto + 1) .. '-0') end
  repeat
    local gone = 0
    for _, entry in ipairs(call('LRANGE', key, 0, TRIM_STEP - 1)) do
      if place_in(key, entry) > upto then break end
      gone = gone + 1
    end
    call('LTRIM', key, gone, -1)
  until gone < TRIM_STEP
end

-- An event whose subject cannot be told leaves its place behind, which reads skip.
local function places_of(entries)
  local keys = { [KEYS.lifecycle] = true }
  for _, entry in ipairs(entries) do
    local fine, event = pcall(cjson.decode, entry[2][2])
    if fine and type(event) == 'table' and type(event.subject) == 'string' then
      keys[KEYS.lifecycleOf .. event.subject] = true
      keys[KEYS.transcriptOf .. event.subject] = true
    end
  end
  return keys
end

register('prune', URGENT, function(args)
  local newest = require_number(call('GET', KEYS.newestEvent), KEYS.newestEvent)
  local upto = newest - tonumber(args[2])
  if upto < 1 then return { 'ok', 0 } end
  local entries = call('XRANGE', KEYS.events, '-', upto .. '-0', 'COUNT', args[3])
  if #entries == 0 then return { 'ok', 0 } end
  local last = number_of(entries[#entries][1])
  -- First the events: places without events are skipped, events without places would be lost.
  local removed = call('XTRIM', KEYS.events, 'MINID', (last + 1) .. '-0')
  local problem
  for key in pairs(places_of(entries)) do
    local fine, why = pcall(trim, key, last)
    if not fine then problem = answer_of(why) end
  end
  return problem or { 'ok', removed }
end)
`;
