package dispatch

import (
	"maps"
	"slices"
)

// Levels is how many levels events have, 1 to Levels; Tiers is how many tiers responders have, 0 to Tiers-1.
const (
	Levels = 5
	Tiers  = 6
)

// The roles that the ranking itself knows.
const (
	gridLeader     = "grid_leader"
	zoneLeader     = "zone_leader"
	communityLead  = "community_lead"
	firstSecretary = "first_secretary"
	volunteer      = "volunteer"
)

// Need is which roles of the service team a matter needs besides the grid leader, who always goes along unless only
// enforcement may act.
type Need struct {
	Required        []string `json:"required,omitempty"`
	Desirable       []string `json:"desirable,omitempty"`
	EnforcementOnly bool     `json:"enforcement_only,omitempty"`
}

// needs is the table of the ten roles and what they answer, by category; party is a domain as a whole.
func needs() map[string]Need {
	required := func(role string) Need { return Need{Required: []string{role}} }
	desirable := func(roles ...string) Need { return Need{Desirable: roles} }
	return map[string]Need{
		"party":              required(firstSecretary),
		"uncivil_conduct":    desirable("cadre"),
		"pet_nuisance":       desirable("cadre"),
		"noise":              desirable("cadre"),
		"volunteer_event":    desirable("cadre", volunteer),
		"unlicensed_trade":   required("market_inspector"),
		"consumer_complaint": required("market_inspector"),
		"enterprise_service": desirable("cadre"),
		"food_safety":        required("food_drug"),
		"health_service":     required("family_doctor"),
		"elder_alone":        desirable("family_doctor", volunteer),
		"job_help":           desirable("cadre"),
		"allowance":          desirable("cadre"),
		"errand":             desirable(volunteer),
		"exposed_garbage":    required("cleaner"),
		"dirty_road":         required("cleaner"),
		"street_occupation":  required("urban_enforcement"),
		"illegal_building":   {Required: []string{"urban_enforcement"}, EnforcementOnly: true},
		"illegal_advert":     required("urban_enforcement"),
		"debris":             required("urban_enforcement"),
		"dispute":            required("police"),
		"theft":              required("police"),
		"missing_person":     required("police"),
		"fire_passage":       desirable("guard"),
		"night_watch":        desirable("guard"),
	}
}

// The needs of a list of an answer: why its role is asked for.
const (
	needLeads     = "leads"     // the grid's own people, who always go along
	needRequired  = "required"  // nobody else may do it
	needDesirable = "desirable" // helps
	needAsked     = "asked"     // the question names it
)

// wanted is a role to be ranked.
type wanted struct{ role, need string }

// wants returns the roles that a question is to be answered for, in order.
func (p *Parameters) wants(q *Question) (out []wanted) {
	add := func(need string, roles ...string) {
		for _, role := range roles {
			if !slices.ContainsFunc(out, func(w wanted) bool { return w.role == role }) {
				out = append(out, wanted{role, need})
			}
		}
	}
	if len(q.Roles) > 0 {
		add(needAsked, q.Roles...)
		return out
	}
	need, ok := p.Needs[q.Category]
	if !ok {
		need = p.Needs[q.Domain]
	}
	if !need.EnforcementOnly || len(need.Required) == 0 {
		add(needLeads, gridLeader)
	}
	add(needRequired, need.Required...)
	add(needDesirable, need.Desirable...)
	if q.Level >= p.UrgentLevel {
		add(needDesirable, firstSecretary)
	}
	return out
}

// plays tells whether a person counts for a role: zone leaders lead grids.
func (p *person) plays(role string) bool {
	return p.role == role || role == gridLeader && p.role == zoneLeader
}

// leads tells whether a person leads grids.
func (p *person) leads() bool { return p.role == gridLeader || p.role == zoneLeader }

func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
