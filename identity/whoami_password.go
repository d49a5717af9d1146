package identity

// passwordWatcher is a source that knows where the app changes passwords.
type passwordWatcher interface {
	ChangesPassword(v *Visit) bool
}

// ChangesPassword reports whether a request may change a password. Whose it is
// has to be asked before the app does so: it may end the session with it.
func (c *Chain) ChangesPassword(v *Visit) bool {
	for _, src := range c.Sources {
		if w, ok := src.(passwordWatcher); ok && w.ChangesPassword(v) {
			return true
		}
	}
	return false
}

func (w *whoami) ChangesPassword(v *Visit) bool {
	_, changes := onRoute(v.R, w.password)
	return changes && unsafe(v.R.Method)
}
