package portal

import "net/http"

// Language returns the language, as a BCP 47 tag, in which an answer to r will
// be written: for what the gate names in it, such as areas.
func (p *Portal) Language(r *http.Request, v *Visit) string { return p.speak(r, v).Tag }
