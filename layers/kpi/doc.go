// Package kpi works out the figures by which the handling of events is judged: rates, counts and durations over a period,
// beside a baseline, for the whole and area by area. Each figure is a Definition, which is data: the terms that choose the
// records it counts are those that a caller can ask for the records by, so that a number and its records cannot disagree.
package kpi
