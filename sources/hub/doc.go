// Package hub downloads models from a model hub that speaks Hugging Face's protocol, once, into a cache that all
// processes of a user share.
//
// Vocabulary: a model is an owner, a name and a revision, written hf://owner/name@revision; a listing is what the hub
// has of a model that ferry needs, with sizes and ETags, pinned to a commit. How a file arrives is package download's
// business.
//
// A revision that is a branch, such as main, is looked up once: the commit that it stands for then is written into the
// listing and stays, until the model's folder is removed from the cache. Only a commit's 40 digits as the revision make
// a pipeline open the same model on every machine.
//
// Below the cache folder, models/<owner>--<name>/<revision>/ holds
// files.json (the listing), the files themselves, each of which appears when it is complete and checked, and lock.
// HF_ENDPOINT names another hub, HF_TOKEN a token for private models.
//
// Start with listing.go. What the hub's headers mean: https://huggingface.co/docs/hub/models-downloading and
// huggingface_hub's get_hf_file_metadata.
package hub
