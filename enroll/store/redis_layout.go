package store

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
)

// partitions is over how many slots of a Cluster the records are spread. All
// that one script touches is of one partition, and so in one slot; the number
// is part of the layout and never changes.
const partitions = 32

// partition is one of them.
type partition int

func hash(key string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return h.Sum32()
}

func partitionOf(key string) partition { return partition(hash(key) % partitions) }

// logPartition is where the log of revocations is.
const logPartition partition = 0

// key is a key of the partition. The braces are the Cluster's: what stands in
// them alone decides the slot.
func (p partition) key(rest string) string { return fmt.Sprintf("mfa:{mfa.%d}:%s", p, rest) }

func (p partition) mark() string { return p.key("mark") }

// recordKeys are those that a script on one record works with.
func (p partition) recordKeys(key string) []string {
	return []string{p.mark(), p.key("r:" + key), p.key("index"), p.key("ends")}
}

// envelope is a record as it stands in Redis, with the id of the write that
// made it. Versions alone do not tell two writes apart: after a failover that
// lost one, another may carry its number.
type envelope struct {
	id []byte
	Record
}

const (
	envelopeFormat = 'a'
	idSize         = 17 // the format and 16 random bytes
)

var errEnvelope = errors.New("reading a record: this is none of the gate's, or not the one asked for")

// newEnvelope lays out: id, length of the key, key, record. The key is in it
// so that a value under another key, or in another's answer, is not taken.
func newEnvelope(key string, r Record) []byte {
	b := make([]byte, idSize, idSize+2+len(key)+16+len(r.Value))
	b[0] = envelopeFormat
	_, _ = rand.Read(b[1:])                                // it never fails: crypto/rand
	b = binary.BigEndian.AppendUint16(b, uint16(len(key))) // #nosec G115 -- keys are bounded
	b = append(b, key...)
	return append(b, encode(r)...)
}

func openEnvelope(key string, b []byte) (envelope, error) {
	const head = idSize + 2
	if len(b) < head || b[0] != envelopeFormat {
		return envelope{}, errEnvelope
	}
	n := int(binary.BigEndian.Uint16(b[idSize:]))
	if len(b) < head+n || string(b[head:head+n]) != key {
		return envelope{}, errEnvelope
	}
	r, err := decode(b[head+n:])
	if err != nil || r.Version == 0 {
		return envelope{}, errEnvelope
	}
	return envelope{b[:idSize], r}, nil
}
