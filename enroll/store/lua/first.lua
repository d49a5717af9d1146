-- What every script does first. KEYS[1] is the mark of the partition:
--   line      the server's replication id: a new one at every start and failover
--   count     writes so far
--   past      earlier lines, newest first, each with the count it ended at
--   since     when this line was first seen, in the server's milliseconds
--   doubt     set by a node that knew of more writes than the line holds
--   accepted  when an administrator last said that all is as it should be
--   seq       the last line of the log
--   sizes     after the write of a count, how many entries index and log had
-- ARGV[1] comes back with the answer, so that no other call's is taken for it.
local function text(n) return string.format('%.0f', n) end

local info = redis.call('INFO', 'replication')
if not string.find(info, 'role:master', 1, true) then
  return redis.error_reply('READONLY this server is no primary')
end
local line = string.match(info, 'master_replid:(%x+)')
local replicas = string.match(info, 'connected_slaves:(%d+)') or '0'
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local mark = redis.call('HMGET', KEYS[1], 'line', 'count', 'past', 'since', 'doubt', 'accepted', 'seq', 'sizes')
local count = tonumber(mark[2] or '0')
local past = mark[3] or ''
local since = tonumber(mark[4] or '0')
local doubt = mark[5]
local accepted = tonumber(mark[6] or '0')
-- How many entries index and log must have; nil: nobody knows, since the last to
-- write here was a program that does not count them.
local at, indexed, logged = string.match(mark[8] or '', '^(%d+) (%d*) (%d*)$')
if at == text(count) then
  indexed, logged = tonumber(indexed), tonumber(logged)
else
  indexed, logged = nil, nil
end
local function resize()
  redis.call('HSET', KEYS[1], 'sizes', text(count) .. ' ' .. (indexed and text(indexed) or '') .. ' ' .. (logged and text(logged) or ''))
end
if mark[1] ~= line then
  if mark[1] then
    past = string.sub(mark[1] .. ':' .. text(count) .. ' ' .. past, 1, 1024)
  end
  since = now
  redis.call('HSET', KEYS[1], 'line', line, 'past', past, 'since', text(since))
end

local function reply(word, data)
  return {ARGV[1], KEYS[1], word, line, text(count), past, text(accepted), text(now - since), replicas, data or {}}
end
