// Package schedule decides when something runs, and sees to it that it does: cron expressions in time zones, overlapping
// and missed runs, retries, hooks.
//
// Vocabulary: a run is due at an instant; an attempt is one try at a run; a wall time is what the clocks of a zone show, which
// they may show twice or never; a missed run was due while nobody was there to start it; a hook is told how a run went.
//
// Start with Spec, which says when, and Job, which does it. It knows nothing of pipelines.
package schedule
