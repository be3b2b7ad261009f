package objects

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// openS3 opens a bucket whose client says nothing on the terminal, also while it looks for credentials, and tries a request again only
// soon after it has failed: that spares sending a large object again for one of its parts. Who calls it has the patience.
func openS3(ctx context.Context, address *url.URL) (*blob.Bucket, error) {
	query := address.Query()
	options := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}),
		config.WithRegion(query.Get("region")),
		config.WithSharedConfigProfile(query.Get("profile")),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 3, time.Second/4 })
		}),
	}
	if anonymous, _ := strconv.ParseBool(query.Get("anonymous")); anonymous {
		options = append(options, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	endpoint := query.Get("endpoint")
	if endpoint != "" { // such servers often lack the newest checksums
		options = append(options, config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
			config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired), config.WithBaseEndpoint(endpoint))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, err
	}
	if loaded.Region == "" {
		return nil, errors.New("no region was found")
	}
	client := s3.NewFromConfig(loaded, func(o *s3.Options) { o.UsePathStyle = query.Get("use_path_style") == "true" })
	return s3blob.OpenBucket(ctx, client, address.Host, &s3blob.Options{RequestChecksumCalculation: loaded.RequestChecksumCalculation})
}
