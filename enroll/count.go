package enroll

import (
	"context"
	"strings"

	"github.com/caddy-mfa/caddy-mfa/enroll/store"
)

// UserCount is how many people have a method, and how many were seen and have
// none, by the tenant of their first method; "" where they have none.
type UserCount struct {
	Tenant            string
	Enrolled, Without int
}

// CountUsers goes through all accounts.
func (s *Service) CountUsers(ctx context.Context) ([]UserCount, error) {
	at := map[string]int{}
	var list []UserCount
	err := s.store.List(ctx, "account/", "", func(key string, r store.Record) error {
		where, ok := placeOf(key)
		if !ok {
			return nil
		}
		a, err := s.decode(r, where.realm, where.user)
		if err != nil {
			return err
		}
		tenant := ""
		if len(a.Methods) > 0 {
			tenant = strings.Clone(a.Methods[0].Tenant)
		}
		i, ok := at[tenant]
		if !ok {
			i = len(list)
			at[tenant] = i
			list = append(list, UserCount{Tenant: tenant})
		}
		if len(a.Methods) > 0 {
			list[i].Enrolled++
		} else {
			list[i].Without++
		}
		return nil
	})
	if err != nil {
		return nil, down(err)
	}
	return list, nil
}
