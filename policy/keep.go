package policy

import "strings"

// textBlock is how many bytes of text lie together, at least.
const textBlock = 4 << 10

// A keeper keeps texts side by side, in the order in which they are read: what one
// decision looks at lies on few lines of memory, and a hundred thousand tenants
// are some thousand objects and no million.
type keeper struct{ block strings.Builder }

// keep returns the same text, kept.
func (k *keeper) keep(s string) string {
	if k.block.Cap()-k.block.Len() < len(s) {
		k.block = strings.Builder{}
		k.block.Grow(max(textBlock, len(s)))
	}
	at := k.block.Len()
	k.block.WriteString(s)
	return k.block.String()[at:]
}
