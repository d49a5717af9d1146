-- KEYS: mark, index, log. ARGV: echo, the acceptance that the doubting node knew of:
-- what was accepted since is not doubted again.
if accepted <= tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], 'doubt', '1') end
return reply('ok')
