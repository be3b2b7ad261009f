package pipeline

import "testing"

// TestRedact has secrets of the environment and of known forms, and what only resembles them.
func TestRedact(t *testing.T) {
	s := NewSecrets([]string{"API_KEY=correct horse", "HF_TOKEN=correct horse battery", "KEY=true", "GOOGLE_CREDENTIALS=/etc/google.json", "HOME=/home/lovelace"}, "https://hooks.example/T1")
	for text, want := range map[string]string{
		"it said correct horse battery to correct horse":     "it said ${HF_TOKEN} to ${API_KEY}",
		"posting to https://hooks.example/T1 failed":         "posting to *** failed",
		"https://me:pass@example.org/?a=1&token=abc&b=2":     "https://me:***@example.org/?a=1&token=***&b=2",
		"https://me:${PASS}@example.org/?api_key=${API_KEY}": "https://me:${PASS}@example.org/?api_key=${API_KEY}",
		"Authorization: Bearer abcdefgh12":                   "Authorization: Bearer ***",
		"hf_abcdefghijklmnopqrstuvwxyz":                      "***",
		"it is true that /etc/google.json is in /home/lovelace, and corpus.sk-hungarian, http://localhost:8080/a@b stay": "it is true that /etc/google.json is in /home/lovelace, and corpus.sk-hungarian, http://localhost:8080/a@b stay",
	} {
		if got := s.Redact(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
