/**
 * Reads events by their place. Beside the stream with the events themselves there are places: a stream for what is not a
 * transcript, and for each subject two lists, for its transcript and its other events. An entry tells of neighbouring
 * events: the last one's id and their types. (A stream takes 4 KiB, which is too much for a subject.) Arguments: epoch,
 * request. A call reads a bounded number of entries.
 */
export const REPLAY = String.raw`
local REPLAY_STEP = 1000

local function number_of(id)
  return tonumber(id:match('^%d+'))
end

local function event_in(key, entry)
  local text = entry[2][2]
  if entry[2][1] ~= 'event' or not text then corrupt(key, 'entry ' .. entry[1], 'holds no event') end
  return text
end

local function place_in(key, entry)
  local last, types = entry:match('^(%d+)%-0 (.+)$')
  if not last then corrupt(key, 'entry', "holds '" .. entry .. "'") end
  return tonumber(last), types
end

-- Where the first entry is that tells of something after an event.
local function first_after(key, after)
  local from, to = 0, call('LLEN', key)
  while from < to do
    local middle = math.floor((from + to) / 2)
    if place_in(key, call('LINDEX', key, middle)) > after then to = middle else from = middle + 1 end
  end
  return from
end

-- Entries of key after an event, as { last, types } each.
local function entries_after(key, after, count)
  local entries = {}
  if key == KEYS.lifecycle then
    for _, entry in ipairs(call('XRANGE', key, '(' .. after .. '-0', '+', 'COUNT', count)) do
      if entry[2][1] ~= 'types' then corrupt(key, 'entry ' .. entry[1], 'names no types') end
      entries[#entries + 1] = { number_of(entry[1]), entry[2][2] }
    end
  else
    local from = first_after(key, after)
    for _, entry in ipairs(call('LRANGE', key, from, from + count - 1)) do entries[#entries + 1] = { place_in(key, entry) } end
  end
  return entries
end

-- Adds the events that key has after one; gives how far it got when there may be more. A place may outlive its event by a
-- little: its entry tells of newer ones, too.
local function scan_places(found, key, request, oldest)
  local count = math.min(request.limit, REPLAY_STEP)
  local entries = entries_after(key, request.after, count)
  local enough = #found + count
  for _, entry in ipairs(entries) do
    local types = {}
    for name in entry[2]:gmatch('[^,]+') do types[#types + 1] = name end
    for index, name in ipairs(types) do
      local id = entry[1] - #types + index
      if id > request.after and id >= oldest and (not request.types or request.types[name]) then found[#found + 1] = id end
    end
    if #found >= enough then return entry[1] end
  end
  if #entries == count then return entries[count][1] end
end

local function oldest_event()
  local first = call('XRANGE', KEYS.events, '-', '+', 'COUNT', 1)[1]
  return first and number_of(first[1]) or math.huge
end

-- Adds id and text of the events found, which are sorted: a row of neighbours is read at once.
local function add_events(answer, found, from, to)
  local last = from
  while last < to and found[last + 1] == found[last] + 1 do last = last + 1 end
  local entries = call('XRANGE', KEYS.events, found[from] .. '-0', found[last] .. '-0')
  for _, entry in ipairs(entries) do
    answer[#answer + 1] = number_of(entry[1])
    answer[#answer + 1] = event_in(KEYS.events, entry)
  end
  if #entries < last - from + 1 then
    corrupt(KEYS.events, 'entry ' .. found[from] .. '-0 or one after it', 'is missing')
  end
  return last + 1
end

-- Gives how far it got or 0, then ids and events in turn.
register('events_by_place', READ, function(args)
  local request = cjson.decode(args[2])
  local found, horizon, oldest = {}, nil, oldest_event()
  for _, key in ipairs(request.keys) do
    local reached = scan_places(found, key, request, oldest)
    if reached and (not horizon or reached < horizon) then horizon = reached end
  end
  table.sort(found)
  local to = 0
  while to < math.min(#found, request.limit) and (not horizon or found[to + 1] <= horizon) do to = to + 1 end
  local answer = { 'ok', to > 0 and to < #found and found[to] or horizon or 0 }
  local from = 1
  while from <= to do from = add_events(answer, found, from, to) end
  return answer
end)

-- The same for all events, or those of some types.
register('events', READ, function(args)
  local request = cjson.decode(args[2])
  local size = math.min(request.limit, REPLAY_STEP)
  local entries = call('XRANGE', KEYS.events, '(' .. request.after .. '-0', '+', 'COUNT', size)
  local answer = { 'ok', #entries == size and number_of(entries[size][1]) or 0 }
  for _, entry in ipairs(entries) do
    local text = event_in(KEYS.events, entry)
    if not request.types or request.types[text:match('^{"id":%d+,"type":"([^"]*)"')] then
      answer[#answer + 1] = number_of(entry[1])
      answer[#answer + 1] = text
    end
  end
  return answer
end)

register('event_range', READ, function()
  local first = call('XRANGE', KEYS.events, '-', '+', 'COUNT', 1)[1]
  local last = call('XREVRANGE', KEYS.events, '+', '-', 'COUNT', 1)[1]
  return { 'ok', first and number_of(first[1]) or 0, last and number_of(last[1]) or 0 }
end)
`;
