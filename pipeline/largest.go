package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// What keeps a machine busy is best done on the one with the most cores, and an engine puts tasks where it likes. So it is given the
// task as often as machines have places: the process that finds itself on the largest machine does it, while the others end at once.

// thisMachine is shell that sets m to the number of cores that a process may use, as Go counts them, and the machine's name.
const thisMachine = `n=$(nproc); read -r q p 2>/dev/null </sys/fs/cgroup/cpu.max && [ "$q" != max ] && q=$(( (q+p-1)/p )) && [ $q -lt $n ] && n=$q; m="${GOMAXPROCS:-$n} $(uname -n)"`

// taskLeft is the outcome of a task that a process has left to another.
const taskLeft = "left"

// look finds the largest machine among those that were asked, if they are not all alike, and whoever does a task will not lose it to one that
// leaves it.
func (e *remote) look(ctx context.Context, answers []string) error {
	var most, least int
	for _, answer := range answers {
		_, machine, _ := strings.Cut(answer, " ")
		var cores int
		if n, _ := fmt.Sscan(machine, &cores); n == 0 {
			continue
		}
		if cores > most {
			most, e.largest = cores, machine
		}
		if least == 0 || cores < least {
			least = cores
		}
	}
	e.places = len(answers)
	if most == least {
		e.largest = ""
		return nil
	}
	races, err := e.Races(ctx)
	if races {
		e.largest = ""
	}
	return err
}

// doLargest has the engine do a task on the largest machine, or anywhere if they are alike, or that one is gone or busy. What is locked there is a
// folder that all its processes see, so that one does the task, and none a second beside it.
func (e *remote) doLargest(ctx context.Context, while string, task TaskLine) ([]TaskAnswer, error) {
	if _, err := e.program(); err == nil && e.largest != "" {
		there := fmt.Sprintf(`%s; [ "$m" = %s ] && exec 9</tmp && flock -n 9 || { echo '{"outcome":"%s"}'; cat >/dev/null; exit 0; }; `, thisMachine, shellQuote(e.largest), taskLeft)
		answers, err := e.do(ctx, there, while, slices.Repeat([]TaskLine{task}, e.places))
		answers = slices.DeleteFunc(answers, func(a TaskAnswer) bool { return a.Outcome == taskLeft })
		if err != nil || len(answers) > 0 {
			return answers, err
		}
	}
	return e.do(ctx, "", while, []TaskLine{task})
}
