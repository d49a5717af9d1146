-- KEYS: mark, index, log. ARGV: echo, the last acceptance that the node knows of.
accepted = math.max(accepted + 1, now, tonumber(ARGV[2]) + 1)
redis.call('HDEL', KEYS[1], 'doubt')
redis.call('HSET', KEYS[1], 'accepted', text(accepted), 'since', text(now))
indexed, logged = redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[3])
resize()
return reply('ok')
