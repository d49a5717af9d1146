-- KEYS: mark. ARGV: echo.
accepted = math.max(accepted + 1, now)
redis.call('HDEL', KEYS[1], 'doubt')
redis.call('HSET', KEYS[1], 'accepted', text(accepted), 'since', text(now))
return reply('ok')
