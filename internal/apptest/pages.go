package apptest

// GiveCode types a code into the field of one of the gate's pages, and presses
// the button where the page does not send it by itself.
func (b *Browser) GiveCode(code string) {
	b.t.Helper()
	b.Wait("#code")
	alone := b.SendsItself()
	b.Type("#code", code)
	if !alone {
		b.Click("form:has(#code) .button")
	}
}

// SendsItself tells whether the page sends a code as soon as it is whole. A
// field that shows a mistake waits to be sent by hand.
func (b *Browser) SendsItself() bool {
	b.t.Helper()
	return b.Eval(`(()=>{const e=document.querySelector("#code");return String(e.hasAttribute("data-send")&&!e.hasAttribute("aria-invalid"))})()`) == "true" && !b.noScripts
}
