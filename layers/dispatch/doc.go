// Package dispatch says who should go to an event, and why: it ranks the responders of a view in minutes that can be added up
// (等效分钟), names those who cannot be sent with the reason, and keeps the rules by which one is reserved, sent and let go. It
// asks a view and decides; it writes nothing, and has no clock: the moment is part of the question.
package dispatch
