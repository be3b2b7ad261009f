package telemetry

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/ferry-clir/ferry/pipeline"
)

// The states of a step.
const (
	waiting    = "waiting"
	running    = "running"
	done       = "done"
	cached     = "cached" // made by an earlier run, or another process
	failed     = "failed"
	unfinished = "unfinished" // when the run ended, for what it reads or for a person
)

// metrics are those of steps, by pipeline, and the pulses of pipelines. There are as many as the pipelines have steps and
// tables.
type metrics struct {
	registry *prometheus.Registry
	// Of the run at work, or else the last.
	state, seconds, done, expected, loss, quarantine *prometheus.GaugeVec
	// Since ferry was started.
	rows, dropped, quarantined *prometheus.CounterVec

	mutex  sync.Mutex
	pulses map[string]*pulse // by label
}

func newMetrics() *metrics {
	step := []string{"pipeline", "step", "kind"}
	gauge := func(name, help string, more ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, append(step[:3:3], more...))
	}
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append(step[:3:3], more...))
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "ferry_build_info", Help: "1, with the version of ferry.",
		ConstLabels: prometheus.Labels{"version": pipeline.Version()}})
	build.Set(1)
	m := &metrics{
		registry:    prometheus.NewRegistry(),
		pulses:      map[string]*pulse{},
		state:       gauge("ferry_step_state", "1, with the state that the step is in: waiting, running, done, cached, failed, or unfinished when the run ended.", "state"),
		seconds:     gauge("ferry_step_seconds", "What the step took when it was made."),
		done:        gauge("ferry_step_done", "How much of the step is done, in what it counts: rows, steps of training, bytes."),
		expected:    gauge("ferry_step_expected", "How much there is to be done, likewise; 0 if that is not known."),
		loss:        gauge("ferry_training_loss", "Loss of the last step of training."),
		quarantine:  gauge("ferry_step_quarantined_rows", "Rows that the step has in quarantine, whichever run put them there."),
		rows:        counter("ferry_step_rows_total", "Rows that the step has made, counted when it ends.", "table"),
		dropped:     counter("ferry_step_dropped_rows_total", "Rows that the step has left out, counted when it ends.", "reason"),
		quarantined: counter("ferry_quarantined_rows_total", "Rows that the step has put into quarantine, counted when it ends: when it is made again for more input, all of them again."),
	}
	m.registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.state, m.seconds, m.done, m.expected, m.loss, m.quarantine, m.rows, m.dropped, m.quarantined)
	return m
}

// pulse is that of a pipeline.
func (m *metrics) pulse(label string) *pulse {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.pulses[label] == nil {
		m.pulses[label] = &pulse{}
	}
	return m.pulses[label]
}

// observe begins anew with what is known of a pipeline's steps, which may be others since its last run.
func (m *metrics) observe(label string) observer {
	for _, v := range []*prometheus.GaugeVec{m.state, m.seconds, m.done, m.expected, m.loss, m.quarantine} {
		v.DeletePartialMatch(prometheus.Labels{"pipeline": label})
	}
	p := m.pulse(label)
	p.begin()
	return &stepMetrics{metrics: m, label: label, pulse: p, kinds: map[string]string{}}
}
