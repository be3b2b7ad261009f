package pipeline

import (
	"cmp"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Secrets finds texts that nobody should read in a message, a manifest or a report.
type Secrets struct{ values *strings.Replacer }

var (
	// Names of environment variables whose values are secret.
	secretName = regexp.MustCompile(`(?i)(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|KEY)S?$`)
	// What is secret by its form, wherever it comes from; groups stay.
	secretForm = regexp.MustCompile(`(://[^/\s:@"']*:)[^$/\s@"'][^/\s@"']*(@)` + // password in an address; what begins with $ is a variable's name
		`|((?i:token|secret|password|passwd|passphrase|api[_-]?key|access[_-]?key|signature)=)[^$\s"'&,\]}][^\s"'&,\]}]*` +
		`|((?i:bearer) )[A-Za-z0-9._~+/=-]{8,}` +
		`|\b(?:hf_|ghp_|gho_|ghs_|github_pat_|glpat-|sk-|xox[abp]-)[A-Za-z0-9_-]{20,}`)
)

// shortestSecret keeps words that stand in messages anyway, such as the value "true" of a variable called KEY.
const shortestSecret = 8 // bytes

const hiddenSecret = "***"

// NewSecrets returns those of an environment, which is as os.Environ has it, beside addresses that are secret as a whole.
func NewSecrets(environ []string, addresses ...string) *Secrets {
	hidden := map[string]string{}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		// A path is where a secret lies.
		if value = strings.TrimSpace(value); secretName.MatchString(name) && len(value) >= shortestSecret && !strings.HasPrefix(value, "/") {
			hidden[value] = "${" + name + "}"
			quoted, _ := json.Marshal(value) // a text always can be
			hidden[string(quoted[1:len(quoted)-1])] = hidden[value]
		}
	}
	for _, address := range addresses {
		if address != "" {
			hidden[address] = hiddenSecret
		}
	}
	var longest []string // first: one may be a part of another
	for value := range hidden {
		longest = append(longest, value)
	}
	slices.SortFunc(longest, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	var pairs []string
	for _, value := range longest {
		pairs = append(pairs, value, hidden[value])
	}
	return &Secrets{strings.NewReplacer(pairs...)}
}

// Redact returns the text with the name of the variable, or ***, in place of each secret.
func (s *Secrets) Redact(text string) string {
	return secretForm.ReplaceAllString(s.values.Replace(text), "$1$3$4"+hiddenSecret+"$2")
}

// Writer returns a writer that redacts what is written to out, each time by itself.
func (s *Secrets) Writer(out io.Writer) io.Writer { return &redacting{s, out} }

type redacting struct {
	secrets *Secrets
	out     io.Writer
}

// Write says that all was written, as its caller knows no other number.
func (r *redacting) Write(b []byte) (int, error) {
	if _, err := io.WriteString(r.out, r.secrets.Redact(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}
