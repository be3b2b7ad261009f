package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ferry-clir/ferry/pipeline"
)

// standing are the metrics of pipelines that are looked up when somebody asks.
type standing struct{ *health }

func describe(name, help string, more ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, append([]string{"pipeline"}, more...), nil)
}

var (
	runActive   = describe("ferry_run_active", "1 while a run of the pipeline is at work in this process.")
	runStart    = describe("ferry_run_start_timestamp_seconds", "When the run at work, or else the last, began in this process.")
	runProgress = describe("ferry_run_last_progress_timestamp_seconds", "When that run last gave a sign of progress.")
	runSuccess  = describe("ferry_run_last_success_timestamp_seconds", "When the last run that succeeded ended, in whatever process.")
	runOutcome  = describe("ferry_run_last_outcome", "1 for the outcome of the last run that has ended, in whatever process.", "outcome")
	runOverdue  = describe("ferry_run_overdue_seconds", "For how long a run has been due that has not begun; 0 if none is. Of ferry schedule.")
	cacheBytes  = describe("ferry_cache_bytes", "What the files of the cache take, measured now and then.")
	diskFree    = describe("ferry_disk_free_bytes", "What may still be written to the disk of the work folder.")
)

// outcomes are those of a run that has ended.
var outcomes = []pipeline.Outcome{pipeline.Succeeded, pipeline.Failed, pipeline.TimedOut, pipeline.Cancelled, pipeline.Interrupted, pipeline.Lost}

// Describe lists the metrics.
func (s *standing) Describe(all chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{runActive, runStart, runProgress, runSuccess, runOutcome, runOverdue, cacheBytes, diskFree} {
		all <- d
	}
}

// Collect looks them up. What cannot be known, as /readyz says, or is not known yet is left out.
func (s *standing) Collect(all chan<- prometheus.Metric) {
	for _, p := range s.pipelines {
		tell := func(d *prometheus.Desc, value float64, more ...string) {
			all <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, append([]string{p.label}, more...)...)
		}
		tellTime := func(d *prometheus.Desc, at time.Time) {
			if !at.IsZero() {
				tell(d, float64(at.UnixMilli())/1000)
			}
		}
		b := p.pulse.now()
		tell(runActive, number(b.active))
		tellTime(runStart, b.began)
		tellTime(runProgress, b.moved)
		if bytes, known := p.cache(); known {
			tell(cacheBytes, float64(bytes))
		}
		if bytes := p.FreeBytes(); bytes >= 0 {
			tell(diskFree, float64(bytes))
		}
		status, err := p.Status()
		if err != nil {
			continue
		}
		if r := status.Succeeded; r != nil {
			tellTime(runSuccess, r.Ended())
		}
		if r := status.Last; r != nil {
			for _, o := range outcomes {
				tell(runOutcome, number(r.Outcome == o), string(o))
			}
		}
		if s.scheduled {
			late := 0.0
			if !status.Overdue.IsZero() {
				late = time.Since(status.Overdue).Seconds()
			}
			tell(runOverdue, late)
		}
	}
}

// number is 1 for what is so.
func number(so bool) float64 {
	if so {
		return 1
	}
	return 0
}
