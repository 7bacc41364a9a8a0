package geo

// pages is a growing list in pieces, so that a copy shares all pieces that it does not write.
type pages[T any] struct {
	list []*page[T]
	n    int32
}

const pageSize = 256

type page[T any] struct {
	of    int32 // the version that may write it
	items [pageSize]T
}

// get returns an item to be read.
func (p *pages[T]) get(i int32) *T { return &p.list[i/pageSize].items[i%pageSize] }

// set returns an item to be written by a version; i may be one past the end.
func (p *pages[T]) set(i, version int32) *T {
	at := int(i / pageSize)
	switch {
	case at == len(p.list):
		p.list = append(p.list, &page[T]{of: version})
	case p.list[at].of != version:
		next := *p.list[at]
		next.of = version
		p.list[at] = &next
	}
	p.n = max(p.n, i+1)
	return &p.list[at].items[i%pageSize]
}

// copy returns a list that shares its pages with this one.
func (p *pages[T]) copy() pages[T] {
	return pages[T]{append(make([]*page[T], 0, len(p.list)+1), p.list...), p.n}
}
