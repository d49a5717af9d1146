package identity

import (
	"bytes"
	"errors"
)

var errPickle = errors.New("it is not JSON, as Django's cache writes unless told otherwise, and a pickle is a program that is never run here: " +
	"set in the cache's OPTIONS \"SERIALIZER\": \"django_redis.serializers.json.JSONSerializer\", and no \"COMPRESSOR\"")

// readDjango reads a session of Django's cache, serialized as JSON.
func readDjango(raw []byte) (any, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return nil, errPickle
	}
	return readJSON(raw)
}
