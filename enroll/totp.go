package enroll

import "context"

// TOTPSetup is what an authenticator app needs: the key in base32 and the
// otpauth URI that a QR code holds.
type TOTPSetup struct{ Secret, URI string }

// Enrolled is a finished enrolment. RecoveryCodes are there with the first
// method only, and this once only.
type Enrolled struct {
	Method        Method
	RecoveryCodes []string
	Flag          Flag
}

// BeginTOTP starts setting up an authenticator app; the key is the same for the
// life of the visit. replaces names a method that the new one takes the place of.
func (s *Service) BeginTOTP(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, replaces string) (*TOTPSetup, error) {
	return nil, ErrStoreDown
}

// FinishTOTP saves the method if the code is right; before that nothing of it
// counts.
func (s *Service) FinishTOTP(ctx context.Context, v *Visit, p Person, r Rules, f *Flag, code, name string) (*Enrolled, error) {
	return nil, ErrStoreDown
}
