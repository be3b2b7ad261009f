package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A browser is one page of a Chromium without a window, which is spoken to by the DevTools protocol, over a pipe.
type browser struct {
	t       *testing.T
	in      *os.File
	out     *bufio.Reader
	session string
	last    int
	asked   []string // addresses that were requested
	said    []string // what stood in the console, and errors of scripts
}

// message is a command, its answer, or an event.
type message struct {
	ID        int             `json:"id,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
}

// openBrowser starts Chromium, or skips the test if there is none.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); path == "" && err == nil {
			path = found
		}
	}
	if path == "" {
		t.Skip("there is no chromium to look at pages with")
	}
	toBrowser, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, fromBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "ferry-browser-") // not t.TempDir, which must be gone at once
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+profile)
	command.ExtraFiles = []*os.File{toBrowser, fromBrowser}
	if err := command.Start(); err != nil {
		t.Skip(err)
	}
	toBrowser.Close()
	fromBrowser.Close()
	out.SetReadDeadline(time.Now().Add(2 * time.Minute))
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
		in.Close()
		out.Close()
		os.RemoveAll(profile)
	})
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	var target struct{ TargetID, SessionID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	for _, domain := range []string{"Page", "Network", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// call sends a command and waits for its answer; what happens meanwhile is noted.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.last++
	if params == nil {
		params = map[string]any{}
	}
	data, err := json.Marshal(message{ID: b.last, Method: method, Params: params, SessionID: b.session})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(data, 0)); err != nil {
		b.t.Fatalf("speaking to the browser: %v", err)
	}
	for {
		m := b.read()
		if m.ID != b.last {
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

// read takes the next message, and notes it if it is an event of interest.
func (b *browser) read() message {
	b.t.Helper()
	data, err := b.out.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("listening to the browser: %v", err)
	}
	var m message
	if err := json.Unmarshal(data[:len(data)-1], &m); err != nil {
		b.t.Fatal(err)
	}
	switch m.Method {
	case "Network.requestWillBeSent":
		b.asked = append(b.asked, m.Params.(map[string]any)["request"].(map[string]any)["url"].(string))
	case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded":
		b.said = append(b.said, string(data[:len(data)-1]))
	}
	return m
}

// show opens a file in a window of that size, in the colours that the reader prefers, and waits until it is there.
func (b *browser) show(path string, width, height int, colours string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{{"name": "prefers-color-scheme", "value": colours}}}, nil)
	b.call("Page.navigate", map[string]any{"url": "file://" + filepath.ToSlash(path)}, nil)
	for b.read().Method != "Page.loadEventFired" {
	}
}

// evaluate is the value of an expression in the page.
func (b *browser) evaluate(expression string, value any) {
	b.t.Helper()
	var answer struct {
		Result struct{ Value json.RawMessage }
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer)
	if err := json.Unmarshal(answer.Result.Value, value); err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
}

// keep writes what the browser sees, or prints, to the folder that FERRY_SCREENSHOTS names, if it does.
func (b *browser) keep(name, method string, params map[string]any) {
	b.t.Helper()
	folder := os.Getenv("FERRY_SCREENSHOTS")
	if folder == "" {
		return
	}
	var answer struct{ Data string }
	b.call(method, params, &answer)
	data, err := base64.StdEncoding.DecodeString(answer.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name), data, 0o666)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// faintTexts are the texts of a page whose contrast with what is behind them is less than 4.5 to 1 (WCAG 2.2, 1.4.3).
const faintTexts = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const channels = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
	const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = e => { for (; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor); if (c[3] == 255) return c; } return [255, 255, 255, 255]; };
	const faint = new Set();
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()) || e.closest("title, desc, .spoken")) continue;
		const style = getComputedStyle(e), a = light(channels(e.closest("svg") ? style.fill : style.color)), b = light(behind(e));
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (contrast < 4.5) faint.add(e.tagName + "." + (e.getAttribute("class") || "") + " " + contrast.toFixed(2) + " " + e.textContent.slice(0, 30));
	}
	return [...faint].slice(0, 10).join("\n");
})()`

// checkPage looks at a page on a desk and on a telephone, in light and dark, and on paper. It must not scroll sideways, ask the
// network for anything, or complain. What is seen is kept under that name.
func checkPage(t *testing.T, name, path string) {
	t.Helper()
	b := openBrowser(t)
	for _, window := range []struct {
		name          string
		width, height int
		colours       string
	}{{"desk-light", 1400, 1000, "light"}, {"desk-dark", 1400, 1000, "dark"}, {"laptop", 1280, 800, "light"}, {"phone-light", 390, 844, "light"}, {"phone-dark", 390, 844, "dark"}} {
		b.show(path, window.width, window.height, window.colours)
		var width int
		if b.evaluate("document.documentElement.scrollWidth", &width); width > window.width {
			var widest string
			b.evaluate(`[...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll, svg") && e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 100)).slice(0, 3).join("\n")`, &widest)
			t.Errorf("%s, %s: the page is %d wide in a window of %d:\n%s", path, window.name, width, window.width, widest)
		}
		var paper string
		b.evaluate("getComputedStyle(document.body).backgroundColor", &paper)
		if dark := paper != "rgb(255, 255, 255)"; dark != (window.colours == "dark") {
			t.Errorf("%s: where readers prefer %s, the background is %s", path, window.colours, paper)
		}
		var faint string
		if b.evaluate(faintTexts, &faint); faint != "" {
			t.Errorf("%s, %s: hard to read, at less than 4.5 to 1:\n%s", path, window.name, faint)
		}
		b.keep(name+"-"+window.name+".png", "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true})
	}
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{}}, nil)
	b.keep(name+".pdf", "Page.printToPDF", map[string]any{"printBackground": true})
	for _, address := range b.asked {
		if !strings.HasPrefix(address, "data:") && address != "file://"+filepath.ToSlash(path) {
			t.Errorf("%s asks for %s", path, address)
		}
	}
	if len(b.said) > 0 {
		t.Errorf("%s says in the console:\n%s", path, strings.Join(b.said, "\n"))
	}
}

// TestReport looks at the report of a small grid in a browser.
func TestReport(t *testing.T) {
	if testing.Short() {
		t.Skip("trains eight small students")
	}
	out := t.TempDir()
	report := filepath.Join(out, "grid")
	openBrowser(t) // or skip
	run(t, "examples/sample-grid.yaml", nil, "stages.student.epochs=1", "work="+filepath.Join(out, "work"), "sinks.report.path="+report, "sinks.curves.path="+out+"/curves-${matrix.loss}.parquet")
	page := filepath.Join(report, "report.html")
	checkPage(t, "grid", page)
	checkRoom(t, page)
}

// checkRoom looks whether a larger window ever leaves tables less room, such as where the contents move beside them.
func checkRoom(t *testing.T, path string) {
	t.Helper()
	b, before := openBrowser(t), 0.0
	for _, width := range []int{1100, 1279, 1280, 1366, 1407, 1408, 1600} {
		var room float64
		b.show(path, width, 800, "light")
		if b.evaluate(`document.querySelector("main").getBoundingClientRect().width`, &room); room < before {
			t.Errorf("%s: in a window of %d its tables have %v of room, in a smaller one %v", path, width, room, before)
		}
		before = room
	}
}
