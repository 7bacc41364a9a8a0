package dispatch

import "slices"

// escalate says who is told when nobody acknowledges, and who at the same time.
func (r *ranking) escalate(a *Answer) {
	e := &a.Escalation
	e.AckMin = r.params.AckMin[a.Level-1]
	e.EscalateAt = a.ComputedAt.Add(minutesOf(e.AckMin))
	e.AtOnce = a.Level == Levels
	after := 0.0
	add := func(to string, who *Contact) {
		e.Steps = append(e.Steps, Step{AfterMin: after, To: to, Who: who})
		if !e.AtOnce {
			after = round(after+e.AckMin, 2)
		}
	}
	e.Steps = []Step{}
	if len(a.Lists) > 0 {
		for _, c := range a.Lists[0].Candidates[:min(len(a.Lists[0].Candidates), r.params.AckMisses)] {
			add("candidate", &c.Contact)
		}
	}
	lead, head := r.superior(zoneLeader).told(), r.superior(communityLead).told()
	told := func(c *Contact) bool { // as a candidate already
		return slices.ContainsFunc(e.Steps, func(s Step) bool { return s.Who != nil && s.Who.ID == c.ID })
	}
	if lead != nil && !told(lead) {
		add(zoneLeader, lead)
	}
	if head != nil && !told(head) {
		add(communityLead, head)
	}
	add("command_centre", nil)
	if a.Policy != NearestFirst {
		return
	}
	responsible := r.first(func(p *person) bool { return p.tier == 0 }).told()
	for _, c := range []*Contact{responsible, lead} {
		if c != nil && !slices.Contains(a.Inform, *c) {
			a.Inform = append(a.Inform, *c)
		}
	}
}

// superior is the zone leader or the community's lead of the place, on duty; nil: nobody.
func (r *ranking) superior(role string) *person {
	return r.first(func(p *person) bool {
		if role == zoneLeader {
			return p.leadsZone && r.site.Zone != "" && p.zone == r.site.Zone
		}
		return p.role == role && r.site.Community != "" && p.community == r.site.Community
	})
}

// first returns somebody on duty by the lowest id, or nil.
func (r *ranking) first(is func(*person) bool) *person {
	for _, p := range r.crew.all {
		if is(p) && p.lacks != OffDuty && p.lacks != OnLeave {
			return p
		}
	}
	return nil
}

// told is the contact of somebody; nil of nobody.
func (p *person) told() *Contact {
	if p == nil {
		return nil
	}
	c := p.contact()
	return &c
}
