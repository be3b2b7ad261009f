package encoder

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestConfigRoundTrip(t *testing.T) {
	for _, name := range goldenModels {
		data := readTestdata(t, name+".config.json")
		c, err := ParseConfig(data)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := jsonValue(t, c.JSON()), jsonValue(t, data); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: read %v, wrote %v", name, want, got)
		}
		again, err := ParseConfig(c.JSON())
		again.source = c.source
		if err != nil || again != c {
			t.Errorf("%s: %+v becomes %+v, %v", name, c, again, err)
		}
	}
}

func jsonValue(t *testing.T, data []byte) (value map[string]any) {
	t.Helper()
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestConfigValues(t *testing.T) {
	for _, test := range []struct {
		name string
		want Config
	}{
		{"bert", Config{ModelType: BERT, Hidden: 32, Layers: 2, Heads: 4, FFN: 64, Vocabulary: 100, Positions: 24, TokenTypes: 2, Epsilon: 1e-12}},
		{"xlm-roberta", Config{ModelType: XLMRoBERTa, Hidden: 32, Layers: 2, Heads: 4, FFN: 64, Vocabulary: 100, Positions: 26, TokenTypes: 1, Epsilon: 1e-5, PositionOffset: 2}},
	} {
		got, err := ParseConfig(readTestdata(t, test.name+".config.json"))
		got.source = ""
		if err != nil || got != test.want {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
		if got.MaxTokens() != 24 {
			t.Errorf("%s takes %d tokens", test.name, got.MaxTokens())
		}
	}
}

func TestNewConfigJSON(t *testing.T) {
	for _, modelType := range []string{BERT, RoBERTa, XLMRoBERTa} {
		c := NewConfig(modelType, 8, 1, 2, 16, 30, 64)
		got, err := ParseConfig(c.JSON())
		got.source = ""
		if err != nil || got != c || got.MaxTokens() != 64 {
			t.Errorf("%+v becomes %+v, %v", c, got, err)
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	good := string(readTestdata(t, "bert.config.json"))
	for _, test := range []struct{ old, new, want string }{
		{`"model_type": "bert"`, `"model_type": "deberta-v2"`, `model_type "deberta-v2" is not supported`},
		{`"model_type": "bert"`, `"model_type": 7`, "model_type: json"},
		{`"model_type": "bert"`, `"modeltype": ""`, `model_type "" is not supported`},
		{`"hidden_act": "gelu"`, `"hidden_act": "relu"`, `hidden_act "relu" is not supported; gelu is`},
		{`"hidden_act"`, `"position_embedding_type": "relative_key", "hidden_act"`, `position_embedding_type "relative_key" is not supported`},
		{`"is_decoder": false`, `"is_decoder": true`, "only encoders are supported"},
		{`"hidden_size": 32`, `"hidden_size": null`, "hidden_size missing"},
		{`"hidden_size": 32`, `"hidden_size": 33`, "hidden_size 33 is not a multiple of num_attention_heads 4"},
		{`"hidden_size": 32`, `"hidden_size": "wide"`, "hidden_size: json"},
		{`"vocab_size": 100`, `"vocab_size": 99999999999`, "vocab_size is 99999999999, not between 1 and"},
		{`"num_hidden_layers": 2`, `"num_hidden_layers": -2`, "num_hidden_layers is -2"},
		{`"layer_norm_eps": 1e-12`, `"layer_norm_eps": -1`, "layer_norm_eps is -1"},
		{`"model_type": "bert"`, `"model_type": "roberta", "pad_token_id": 25`, "max_position_embeddings 24 leaves no room behind position 26"},
		{`{`, `[`, "parsing model configuration"},
	} {
		broken := strings.Replace(good, test.old, test.new, 1)
		if broken == good {
			t.Fatalf("%q is not in the configuration", test.old)
		}
		if strings.Contains(test.new, "pad_token_id") {
			broken = strings.Replace(broken, `"pad_token_id": 0,`, "", 1)
		}
		if _, err := ParseConfig([]byte(broken)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s gives %v, expected %q", test.new, err, test.want)
		}
	}
}

func TestRealConfigs(t *testing.T) {
	folder := os.Getenv("FERRY_MODELS")
	if folder == "" {
		t.Skip("FERRY_MODELS names no folder with real models")
	}
	data, err := os.ReadFile(filepath.Join(folder, "multilingual-e5-small", "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseConfig(data)
	if err != nil || c.PositionOffset != 0 || c.Vocabulary != 250037 || c.MaxTokens() != 512 {
		t.Errorf("%+v, %v", c, err)
	}
	if got, want := jsonValue(t, c.JSON()), jsonValue(t, data); !reflect.DeepEqual(got, want) {
		t.Errorf("read %v, wrote %v", want, got)
	}
}
