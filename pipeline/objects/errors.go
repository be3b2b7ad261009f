package objects

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"gocloud.dev/gcerrors"

	"github.com/ferry-clir/ferry/sources/download"
)

// hopeless are the codes of answers that another attempt would get again.
var hopeless = []string{"InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed", "PermanentRedirect", "InvalidBucketName",
	"AuthorizationFailure", "AuthorizationPermissionMismatch", "InsufficientAccountPermissions", "RequestTimeTooSkewed", "ExpiredToken", "AccountIsDisabled"}

// judge says what an error means for those who might try again, in few words.
func judge(watched context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(context.Cause(watched), download.ErrStalled) {
		return download.ErrStalled
	}
	says := words(err)
	switch code := gcerrors.Code(err); {
	case code == gcerrors.NotFound:
		return download.Final{Err: fmt.Errorf("%w: %s", fs.ErrNotExist, says)}
	case code == gcerrors.PermissionDenied, errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return download.Final{Err: fmt.Errorf("%w: %s", fs.ErrPermission, says)}
	case slices.ContainsFunc(hopeless, func(code string) bool { return strings.Contains(err.Error(), code) }), strings.Contains(says, noneFound), strings.Contains(says, "failed to refresh cached credentials"):
		return download.Final{Err: errors.New(says)}
	}
	var disk *fs.PathError
	var final download.Final
	if errors.As(err, &disk) || errors.As(err, &final) {
		return err
	}
	return errors.New(says)
}

const noneFound = "no credentials were found"

// words are what an error says to a person: libraries add the request, signed addresses among it, and whole pages.
func words(err error) string {
	var answer interface {
		ErrorCode() string
		ErrorMessage() string
	}
	if errors.As(err, &answer) {
		return strings.TrimSuffix("the server answers "+answer.ErrorCode()+": "+firstLine(answer.ErrorMessage()), ": ")
	}
	var asked *url.Error
	if errors.As(err, &asked) {
		return firstLine(asked.Err.Error())
	}
	says := firstLine(err.Error())
	if strings.Contains(says, "no EC2 IMDS role found") || strings.Contains(says, "could not find default credentials") { // the last that was tried
		return noneFound
	}
	if _, after, ok := strings.Cut(says, "): "); ok && strings.HasPrefix(says, "blob ") { // blob (key "k") (code=Unknown):
		says = after
	}
	return says
}

func firstLine(text string) string {
	const most = 300
	text, _, _ = strings.Cut(strings.ToValidUTF8(text, "\uFFFD"), "\n")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
