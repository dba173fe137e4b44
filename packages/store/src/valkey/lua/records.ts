/**
 * Records as text. They are checked by decoding them, but changed by replacing the text of single values: encoding them
 * again would make `{}` of an empty list and shuffle their fields. Their layout is `record-layout.ts`.
 */
export const RECORDS = String.raw`
local function decode(kind, id, text)
  local key = KEYS[kind] .. id
  local fine, record = pcall(cjson.decode, text)
  if not fine or type(record) ~= 'table' then corrupt(key, 'value', 'does not hold a JSON object') end
  if not STATES[kind][record.state] then
    corrupt(key, 'state', "holds '" .. tostring(record.state) .. "'")
  end
  return record
end

-- Text and content of a record that MGET looked for.
local function require_record(kind, id, text)
  text = text or call('GET', KEYS[kind] .. id)
  if not text then fail('missing', kind, id) end
  return decode(kind, id, text)
end

local function require_string(kind, id, record, field)
  local value = record[field]
  if type(value) ~= 'string' then corrupt(KEYS[kind] .. id, field, 'is not text') end
  return value
end

-- Where a record stands in its indexes: by time, then by id.
local function place(kind, id, record, field)
  return require_string(kind, id, record, field) .. '|' .. id
end

local function require_move(kind, id, record, to)
  if not MOVES[kind][record.state .. '>' .. to] then fail('illegal', kind, id, record.state, to) end
end

local function end_of_value(text, from)
  if text:byte(from) ~= 34 then return text:find(',', from, true) - 1 end
  local to = from
  while true do
    to = text:find('["\\]', to + 1)
    if text:byte(to) == 34 then return to end
    to = to + 1
  end
end

local function misplaced(id)
  corrupt(KEYS.agent .. id, 'value', 'is not laid out as the store does it')
end

-- Gives fields of an agent new values: changes holds '"field":' and JSON in turn, in the order of the record. Only
-- scalars come before the details, so that what looks like a field there is one. A field that is not there is added.
local function rewrite_agent(id, text, changes, first, last)
  local details = text:find(',"details":', 1, true)
  if not details or text:sub(1, 12) ~= '{"agentId":"' then misplaced(id) end
  local pieces, added, tail, from = {}, '', nil, 1
  for index = first, last, 2 do
    local field, value = changes[index], changes[index + 1]
    local start, before = text:find(field, from, true)
    if field == '"details":' then
      tail = ',"details":' .. value .. '}'
    elseif start and start < details then
      pieces[#pieces + 1] = text:sub(from, before)
      pieces[#pieces + 1] = value
      from = end_of_value(text, before + 1) + 1
    elseif text:find(field, 1, true) == start then
      added = added .. ',' .. field .. value
    else
      misplaced(id)
    end
  end
  pieces[#pieces + 1] = text:sub(from, details - 1)
  pieces[#pieces + 1] = added
  pieces[#pieces + 1] = tail or text:sub(details)
  return table.concat(pieces)
end

-- Gives a task what changes of it, all of which stands at its beginning.
local function rewrite_task(id, text, changed, time)
  local from, to = text:find('^{"taskId":"[^"]*","state":"%l+","agentId":"[^"]*","attempt":%d+,"updatedAt":"[^"]*"')
  if not from then corrupt(KEYS.task .. id, 'value', 'is not laid out as the store does it') end
  return '{"taskId":"' .. id .. '","state":"' .. changed.state .. '","agentId":"' .. changed.agentId
    .. '","attempt":' .. changed.attempt .. ',"updatedAt":"' .. time .. '"' .. text:sub(to + 1)
end
`;
