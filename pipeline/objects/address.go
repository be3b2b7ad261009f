package objects

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/ferry-clir/ferry/sources/download"
)

// An Address is where a store lies: a bucket, or a folder of this machine, and what the names of its objects begin with.
type Address struct {
	bucket url.URL // as the library opens it
	prefix string  // of all names, without slashes around it
}

// A scheme is a kind of store.
type scheme struct {
	opens      string   // what the library calls it
	parameters []string // that an address may have
	needs      string   // what a person can see to if it cannot be reached
}

const azureNeeds = "credentials are looked for in AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN and what `az login` leaves, and the account in ?storage_account= or AZURE_STORAGE_ACCOUNT"

var azure = scheme{"azblob", []string{"storage_account", "domain", "protocol"}, azureNeeds}

var schemes = map[string]scheme{
	"file": {"file", nil, "the folder must be there, and readable by this user"},
	"s3": {"s3", []string{"region", "endpoint", "profile", "use_path_style", "anonymous"},
		"credentials are looked for in AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, in ~/.aws (AWS_PROFILE, ?profile=) and the machine's role, none with ?anonymous=true; the region in ?region= or AWS_REGION; a server other than Amazon's in ?endpoint="},
	"gs": {"gs", []string{"anonymous"},
		"credentials are looked for in GOOGLE_APPLICATION_CREDENTIALS, in what `gcloud auth application-default login` leaves, and the machine's account, none with ?anonymous=true"},
	"az":     azure,
	"azblob": azure,
}

// Remote tells whether a path is an address of an object store rather than of this machine.
func Remote(path string) bool {
	name, _, ok := strings.Cut(path, "://")
	_, known := schemes[name]
	return ok && known && name != "file"
}

// Parse reads an address such as s3://bucket/prefix?region=eu-west-1 or file:///srv/ferry. Its errors do not repeat it.
func Parse(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return Address{}, errors.New("should be an address such as file:///srv/ferry, s3://bucket/prefix?region=eu-west-1, gs://bucket/prefix or az://container/prefix")
	}
	kind, known := schemes[u.Scheme]
	switch {
	case !known:
		return Address{}, fmt.Errorf("has no scheme that ferry knows: there are file, s3, gs and az, not %q", u.Scheme)
	case u.User != nil:
		return Address{}, errors.New("has credentials in it, where whoever reads the file or a log would see them; " + kind.needs)
	case u.Fragment != "":
		return Address{}, errors.New("has a #, which is no part of an address; write it as %23 in a name")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Address{}, errors.New("has parameters that cannot be read, behind the ?")
	}
	for name := range query {
		if !slices.Contains(kind.parameters, name) {
			return Address{}, fmt.Errorf("has the parameter %q; %s addresses may have: %s", name, u.Scheme, strings.Join(append(kind.parameters, "nothing else"), ", "))
		}
	}
	if u.Scheme == "file" {
		return parseFile(u)
	}
	if u.Host == "" {
		return Address{}, fmt.Errorf("names no bucket; write it as %s://bucket/prefix", u.Scheme)
	}
	if err := completeQuery(u.Scheme, query); err != nil {
		return Address{}, err
	}
	return Address{url.URL{Scheme: kind.opens, Host: u.Host, RawQuery: query.Encode()}, strings.Trim(path.Clean("/"+u.Path), "/")}, nil
}

func parseFile(u *url.URL) (Address, error) {
	if u.Host != "" || !path.IsAbs(u.Path) {
		return Address{}, errors.New("should have three slashes and the path of a folder, as in file:///srv/ferry")
	}
	// Without attributes a file is an object and nothing more; beside its place it can be renamed.
	return Address{bucket: url.URL{Scheme: "file", Path: path.Clean(u.Path), RawQuery: "metadata=skip&no_tmp_dir=1"}}, nil
}

// completeQuery refuses servers that would see credentials and data unencrypted, and says of one that is not Amazon's how it is
// spoken to.
func completeQuery(scheme string, query url.Values) error {
	endpoint := query.Get("endpoint")
	if scheme == "s3" && endpoint != "" {
		server, err := url.Parse(endpoint)
		if err != nil || server.User != nil || !download.Secure(server) {
			return errors.New("has an endpoint that should be an https address without a password (http only on this machine)")
		}
		// Most such servers have buckets in the path, and no region.
		for name, value := range map[string]string{"use_path_style": "true", "region": "us-east-1"} {
			if !query.Has(name) {
				query.Set(name, value)
			}
		}
	}
	if domain := query.Get("domain"); query.Get("protocol") == "http" && !download.Secure(&url.URL{Scheme: "http", Host: domain}) {
		return errors.New("has the protocol http, which is for a server on this machine alone")
	}
	return nil
}

// Split returns the bucket, and the name of an object in it.
func (a Address) Split() (bucket Address, name string) { return Address{bucket: a.bucket}, a.prefix }

// Identity tells stores apart, also those that are shown alike: it has the server, too.
func (a Address) Identity() string {
	return a.String() + "?" + a.bucket.Query().Get("endpoint") + a.bucket.Query().Get("storage_account") + a.bucket.Query().Get("domain")
}

// String is the address without parameters.
func (a Address) String() string {
	scheme := a.bucket.Scheme
	if scheme == azure.opens {
		scheme = "az"
	}
	return strings.TrimSuffix(scheme+"://"+a.bucket.Host+path.Join("/", a.bucket.Path, a.prefix), "/")
}

// Path is the folder of this machine that the address names; empty if it names none.
func (a Address) Path() string { return a.bucket.Path }
