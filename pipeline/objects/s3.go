package objects

import (
	"context"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	gcaws "gocloud.dev/aws"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// openS3 opens a bucket whose client says nothing on the terminal, and tries a request again only soon after it has failed: that
// spares sending a large object again for one of its parts. Who calls it has the patience.
func openS3(ctx context.Context, address *url.URL) (*blob.Bucket, error) {
	query := address.Query()
	pathStyle := query.Get("use_path_style") == "true"
	query.Del("use_path_style")
	config, err := gcaws.V2ConfigFromURLParams(ctx, query)
	if err != nil {
		return nil, err
	}
	config.Logger = logging.Nop{}
	config.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 3, time.Second/4 })
	}
	client := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = pathStyle })
	return s3blob.OpenBucket(ctx, client, address.Host, &s3blob.Options{RequestChecksumCalculation: config.RequestChecksumCalculation})
}
