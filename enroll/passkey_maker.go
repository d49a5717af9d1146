package enroll

import "encoding/hex"

// makers are what people know authenticators by, from the AAGUIDs that their
// makers publish. They are for names alone: without attestation anybody can claim
// any.
var makers = map[string]string{
	"ea9b8d664d011d213ce4b6b48cb575d4": "Google Password Manager",
	"fbfc3007154e4ecc8c0b6e020557d7bd": "Apple Passwords",
	"dd4ec289e01d41c9bb8970fa845d4bf2": "iCloud Keychain",
	"08987058cadc4b81b6e130de50dcbe96": "Windows Hello",
	"9ddd1817af5a4672a2b93e3dd95000a9": "Windows Hello",
	"6028b017b1d44c02b4b3afcdafc96bb2": "Windows Hello",
	"d345266801fd4c12926c83a4204853aa": "Microsoft Password Manager",
	"53414d53554e47000000000000000000": "Samsung Pass",
	"adce000235bcc60a648b0b25f1f05503": "Chrome on Mac",
	"b53976664885aa6bcebfe52262a439a2": "Chromium",
	"771b48fdd3d44f749232fc157ab0507a": "Edge on Mac",
	"bada5566a7aa401fbd9645619a55120d": "1Password",
	"d548826e79b4db40a3d811116f7e8349": "Bitwarden",
	"531126d6e717415c93203d9aa6981239": "Dashlane",
	"f38095407f1449c1a8b38f813b225541": "Enpass",
	"a10c6dd9465e42268198c7c44b91c555": "Kaspersky Password Manager",
	"fdb141b25d84443e8a354698c205a502": "KeePassXC",
	"eaecdef21c3156348639f1cbd9c00a08": "KeePassDX",
	"0ea242b443c44a1b8b17dd6d0b6baec6": "Keeper",
	"b78a0a556ef8d246a042ba0f6d55050c": "LastPass",
	"b84e404815dc4dd08640f4f60813c8af": "NordPass",
	"fa37f553f9b64adbac538bbb57ebdf0d": "Norton Password Manager",
	"50726f746f6e5061737350726f746f6e": "Proton Pass",
	"b35a26b28f6e4697ab1dd44db4da28c6": "Zoho Vault",
}

// maker is what the authenticator that holds the passkey is called; empty: not
// known.
func (k *passkey) maker() string { return makers[hex.EncodeToString(k.AAGUID)] }
