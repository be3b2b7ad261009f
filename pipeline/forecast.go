package pipeline

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/ferry-clir/ferry/sources"
)

// A forecast is what a step will probably take, going by the time that it was made last.
type forecast struct {
	seconds float64
	bytes   int64
}

// String is the forecast in a few words.
func (f forecast) String() string {
	took := time.Duration(f.seconds * float64(time.Second))
	unit := time.Second
	if took < 10*time.Second {
		unit = 10 * time.Millisecond
	}
	return fmt.Sprintf("about %v and %s", took.Round(unit), sources.SizeText(f.bytes))
}

// forecast is known of a unit that was made before; it is in proportion to the rows that are read, where their number is
// known.
func (u *unit) forecast(known map[string]madeStep) (forecast, bool) {
	last := known[u.name()]
	if last.Seconds <= 0 {
		return forecast{}, false
	}
	scale := 1.0
	if rows, ok := u.rowsToRead(); ok && last.Rows > 0 {
		scale = float64(rows) / float64(last.Rows)
	}
	return forecast{scale * last.Seconds, int64(math.Round(scale * float64(last.Bytes)))}, true
}

// rowsToRead is the number that rowsRead will tell, if it can be told before.
func (u *unit) rowsToRead() (rows int64, known bool) {
	if from := u.cutInput("from"); from != nil && !from.model {
		return from.rowsToCome()
	}
	for _, in := range u.inputs {
		if in.model {
			continue
		}
		n, ok := in.rowsToCome()
		if !ok {
			return 0, false
		}
		rows, known = max(rows, n), true
	}
	return rows, known
}

// rowsToCome is the number of rows that the input has or probably will have.
func (in input) rowsToCome() (int64, bool) {
	if in.unit.present {
		return in.readTable().rows(), true
	}
	return in.unit.estimate()
}

// forecastAll sums up what the units that will run are going to take: so many of them, and of others nothing is known.
func forecastAll(units []*unit, past map[string]madeStep) (sum forecast, known, unknown int) {
	for _, u := range units {
		if u.step.Section == "models" || u.twin != nil || !u.needed {
			continue
		}
		if one, ok := u.forecast(past); ok {
			known++
			sum.seconds += one.seconds
			sum.bytes += one.bytes
		} else {
			unknown++
		}
	}
	return sum, known, unknown
}

// writeForecast tells what the steps that will run are going to take.
func (p Plan) writeForecast(w io.Writer) error {
	sum, known, unknown := forecastAll(p.units, p.known)
	if known+unknown == 0 {
		return nil
	}
	text := forecastText(sum, known, unknown)
	refusals, warnings := p.pipeline.foresee(p.units, p.known)
	for _, warning := range warnings {
		text += "warning: " + warning + "\n"
	}
	for _, refusal := range refusals {
		text += "a run will be refused: " + refusal.Error() + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

// forecastText says what so many steps take together, and others of which nothing is known.
func forecastText(sum forecast, known, unknown int) string {
	if known == 0 {
		return "time and disk are unknown: none of these steps was run before\n"
	}
	text := fmt.Sprintf("these take %v, one after the other, if they go as they did last", sum)
	if unknown > 0 {
		text += fmt.Sprintf("; unknown for %d of them", unknown)
	}
	return text + "\n"
}
