package identity

// maxNested is how many texts may be opened on the way to one fact.
const maxNested = 4

// findPHP is find through texts that hold a session of their own: some apps
// keep theirs as a text inside PHP's.
func findPHP(root any, path string) (any, bool, error) { return findInPHP(root, path, maxNested) }

func findInPHP(root any, path string, left int) (any, bool, error) {
	v, ok, err := find(root, path)
	if ok || err != nil || left == 0 {
		return v, ok, err
	}
	for i := range path {
		if path[i] != '.' {
			continue
		}
		text, ok, err := find(root, path[:i])
		if err != nil {
			return nil, false, err
		}
		inner, isText := text.(string)
		if !ok || !isText {
			continue
		}
		next, err := readPHPSession([]byte(inner))
		if err != nil {
			return nil, false, err
		}
		return findInPHP(next, path[i+1:], left-1)
	}
	return nil, false, nil
}
