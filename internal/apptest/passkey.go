package apptest

import (
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Passkeys is an authenticator in a browser's tab, as the devices of today have
// one built in. It answers by itself, as somebody does who wants to.
type Passkeys struct {
	b  *Browser
	id webauthn.AuthenticatorID
}

// Passkeys puts an authenticator into the tab, which must be done before it
// opens a page.
func (b *Browser) Passkeys() *Passkeys {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	got, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21,
		Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true, HasUserVerification: true,
		IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	return &Passkeys{b, got.AuthenticatorID}
}

// Verifies says whether the person gives the finger or the PIN; one who does not
// has cancelled.
func (k *Passkeys) Verifies(on bool) {
	k.b.t.Helper()
	if _, err := chromedp.Call(k.b.ctx, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: k.id, IsUserVerified: on}); err != nil {
		k.b.t.Fatal(err)
	}
}

// Lies makes the next answers wrong: signed by nobody, or without the flag that
// says that the person was verified.
func (k *Passkeys) Lies(signature, unverified bool) {
	k.b.t.Helper()
	if _, err := chromedp.Call(k.b.ctx, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{
		AuthenticatorID: k.id, IsBogusSignature: &signature, IsBadUV: &unverified,
	}); err != nil {
		k.b.t.Fatal(err)
	}
}

// List are the passkeys it holds.
func (k *Passkeys) List() []*webauthn.Credential {
	k.b.t.Helper()
	got, err := chromedp.Call(k.b.ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: k.id})
	if err != nil {
		k.b.t.Fatal(err)
	}
	return got.Credentials
}

// Forget deletes its passkeys.
func (k *Passkeys) Forget() {
	k.b.t.Helper()
	if _, err := chromedp.Call(k.b.ctx, webauthn.ClearCredentials, webauthn.ClearCredentialsParams{AuthenticatorID: k.id}); err != nil {
		k.b.t.Fatal(err)
	}
}

// Take puts a passkey into it, a copy of another's say.
func (k *Passkeys) Take(c *webauthn.Credential) {
	k.b.t.Helper()
	p := addCredential{AuthenticatorID: k.id}
	p.Credential.ID, p.Credential.RP, p.Credential.Key = c.CredentialID, c.RpID, c.PrivateKey
	p.Credential.Handle, p.Credential.Count, p.Credential.Resident = c.UserHandle, c.SignCount, c.IsResidentCredential
	if _, err := chromedp.Call(k.b.ctx, addCredentialCommand, p); err != nil {
		k.b.t.Fatal(err)
	}
}

// addCredential are the parameters of WebAuthn.addCredential without those that
// the browser takes only for authenticators of another kind, which the library
// always sends.
type addCredential struct {
	AuthenticatorID webauthn.AuthenticatorID `json:"authenticatorId"`
	Credential      struct {
		ID       []byte  `json:"credentialId"`
		RP       string  `json:"rpId"`
		Key      []byte  `json:"privateKey"`
		Handle   []byte  `json:"userHandle"`
		Count    float64 `json:"signCount"`
		Resident bool    `json:"isResidentCredential"`
	} `json:"credential"`
}

var addCredentialCommand = cdp.Command[addCredential, cdp.Empty]{Method: webauthn.CommandAddCredential}
