//! What can be asked of the bucket, as Amazon documents it.

use std::ops::Range as Span;
use std::sync::Arc;

use futures::StreamExt as _;
use http::HeaderMap;
use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::listing;
use super::proof::Proof;
use super::store::{About, Body, Condition, Object, Store, matches};

/// Longest key, in bytes.
const MAX_KEY: usize = 1024;
/// Most bytes that metadata have, names and values.
const MAX_METADATA: usize = 2048;
/// How many parts an upload may have.
const MAX_PARTS: i32 = 10_000;

pub(super) struct Bucket {
    store: Arc<Store>,
}

impl Bucket {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    fn source(
        &self,
        source: &CopySource,
        unless: Option<&ETagCondition>,
        only: Option<&ETagCondition>,
    ) -> S3Result<Arc<Object>> {
        let CopySource::Bucket { bucket, key, .. } = source else { return Err(s3_error!(NotImplemented)) };
        let object = self.store.get(bucket, key)?;
        let wrong = only.is_some_and(|wanted| !matches(wanted, &object));
        if wrong || unless.is_some_and(|unwanted| matches(unwanted, &object)) {
            return Err(s3_error!(PreconditionFailed));
        }
        Ok(object)
    }

    async fn copy(&self, object: &Object, span: Span<u64>) -> S3Result<Body> {
        self.store.take(object.body.read(span).await?).await
    }
}

#[async_trait::async_trait]
impl S3 for Bucket {
    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.store.require(&request.input.bucket)?;
        answer(HeadBucketOutput::default())
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.store.require(&request.input.bucket)?;
        answer(GetBucketLocationOutput::default())
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let object = self.store.get(&input.bucket, &input.key)?;
        fresh(input.if_match.as_ref(), input.if_none_match.as_ref(), &object)?;
        let (span, content_range) = span(input.range, object.body.size)?;
        let about = object.about.clone();
        answer(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from(span.end - span.start).ok(),
            content_range,
            e_tag: Some(object.etag()),
            last_modified: Some(Timestamp::from(object.modified)),
            metadata: Some(about.user),
            content_type: about.content_type,
            content_encoding: about.content_encoding,
            content_disposition: about.content_disposition,
            content_language: about.content_language,
            cache_control: about.cache_control,
            ..HeadObjectOutput::default()
        })
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let object = self.store.get(&input.bucket, &input.key)?;
        fresh(input.if_match.as_ref(), input.if_none_match.as_ref(), &object)?;
        let (span, content_range) = span(input.range, object.body.size)?;
        let length = span.end - span.start;
        let body = object.body.read(span).await?;
        // The object is held until the last byte was read: its file goes with it.
        let held = Arc::clone(&object);
        let body = body.map(move |chunk| {
            let _ = &held;
            chunk
        });
        let about = object.about.clone();
        answer(GetObjectOutput {
            body: Some(StreamingBlob::wrap(body)),
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from(length).ok(),
            content_range,
            e_tag: Some(object.etag()),
            last_modified: Some(Timestamp::from(object.modified)),
            metadata: Some(about.user),
            content_type: about.content_type,
            content_encoding: about.content_encoding,
            content_disposition: about.content_disposition,
            content_language: about.content_language,
            cache_control: about.cache_control,
            ..GetObjectOutput::default()
        })
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let trailers = request.trailing_headers;
        let input = request.input;
        self.store.require(&input.bucket)?;
        check_key(&input.key)?;
        let about = About {
            user: user(input.metadata)?,
            content_type: input.content_type,
            content_encoding: input.content_encoding,
            content_disposition: input.content_disposition,
            content_language: input.content_language,
            cache_control: input.cache_control,
        };
        let proof = Proof::new(&request.headers, input.content_md5.as_deref());
        let body = proof.take(&self.store, input.body, trailers.as_ref()).await?;
        let condition = Condition { if_match: input.if_match, if_none_match: input.if_none_match };
        let object = self.store.commit(&input.key, Object::new(body, about), &condition)?;
        answer(PutObjectOutput { e_tag: Some(object.etag()), ..PutObjectOutput::default() })
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let condition = of_headers(&request.headers)?;
        let input = request.input;
        self.store.require(&input.bucket)?;
        check_key(&input.key)?;
        let (unless, only) = (input.copy_source_if_none_match.as_ref(), input.copy_source_if_match.as_ref());
        let source = self.source(&input.copy_source, unless, only)?;
        let replaced = input.metadata_directive.is_some_and(|how| how.as_str() == MetadataDirective::REPLACE);
        let about = match replaced {
            false => source.about.clone(),
            true => About {
                user: user(input.metadata)?,
                content_type: input.content_type,
                content_encoding: input.content_encoding,
                content_disposition: input.content_disposition,
                content_language: input.content_language,
                cache_control: input.cache_control,
            },
        };
        let body = self.copy(&source, 0..source.body.size).await?;
        let object = self.store.commit(&input.key, Object::new(body, about), &condition)?;
        let result = CopyObjectResult {
            e_tag: Some(object.etag()),
            last_modified: Some(Timestamp::from(object.modified)),
            ..CopyObjectResult::default()
        };
        answer(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() })
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.store.require(&request.input.bucket)?;
        self.store.lock().objects.remove(&request.input.key);
        answer(DeleteObjectOutput::default())
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = request.input;
        self.store.require(&input.bucket)?;
        let mut state = self.store.lock();
        let mut deleted = Vec::new();
        for object in input.delete.objects {
            state.objects.remove(&object.key);
            deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() });
        }
        let quiet = input.delete.quiet == Some(true);
        answer(DeleteObjectsOutput { deleted: (!quiet).then_some(deleted), ..DeleteObjectsOutput::default() })
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.store.require(&request.input.bucket)?;
        answer(listing::objects(&self.store.lock(), request.input)?)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = request.input;
        self.store.require(&input.bucket)?;
        check_key(&input.key)?;
        let about = About {
            user: user(input.metadata)?,
            content_type: input.content_type,
            content_encoding: input.content_encoding,
            content_disposition: input.content_disposition,
            content_language: input.content_language,
            cache_control: input.cache_control,
        };
        let upload_id = self.store.begin(&input.key, about);
        answer(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload_id),
            ..CreateMultipartUploadOutput::default()
        })
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let trailers = request.trailing_headers;
        let input = request.input;
        self.store.require(&input.bucket)?;
        check_part(input.part_number)?;
        self.store.require_upload(&input.key, &input.upload_id)?;
        let proof = Proof::new(&request.headers, input.content_md5.as_deref());
        let body = proof.take(&self.store, input.body, trailers.as_ref()).await?;
        let part = self.store.put_part(&input.key, &input.upload_id, input.part_number, body)?;
        answer(UploadPartOutput { e_tag: Some(part.etag()), ..UploadPartOutput::default() })
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let input = request.input;
        self.store.require(&input.bucket)?;
        check_part(input.part_number)?;
        self.store.require_upload(&input.key, &input.upload_id)?;
        let (unless, only) = (input.copy_source_if_none_match.as_ref(), input.copy_source_if_match.as_ref());
        let source = self.source(&input.copy_source, unless, only)?;
        let span = copied_span(input.copy_source_range.as_deref(), source.body.size)?;
        let body = self.copy(&source, span).await?;
        let part = self.store.put_part(&input.key, &input.upload_id, input.part_number, body)?;
        let result = CopyPartResult {
            e_tag: Some(part.etag()),
            last_modified: Some(Timestamp::from(part.modified)),
            ..CopyPartResult::default()
        };
        answer(UploadPartCopyOutput { copy_part_result: Some(result), ..UploadPartCopyOutput::default() })
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        self.store.require(&input.bucket)?;
        let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let named = parts.into_iter().map(|part| Some((part.part_number?, part.e_tag)));
        let named: Vec<_> = named.collect::<Option<_>>().ok_or_else(|| s3_error!(MalformedXML))?;
        let condition = Condition { if_match: input.if_match, if_none_match: input.if_none_match };
        let object = self.store.complete(&input.key, &input.upload_id, &named, &condition).await?;
        answer(CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(object.etag()),
            ..CompleteMultipartUploadOutput::default()
        })
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = request.input;
        self.store.require(&input.bucket)?;
        self.store.abort(&input.key, &input.upload_id)?;
        answer(AbortMultipartUploadOutput::default())
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        self.store.require(&request.input.bucket)?;
        answer(listing::uploads(&self.store.lock(), request.input)?)
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        self.store.require(&request.input.bucket)?;
        answer(listing::parts(&self.store.lock(), request.input)?)
    }
}

#[allow(clippy::unnecessary_wraps)] // Every operation ends with it.
fn answer<T>(output: T) -> S3Result<S3Response<T>> {
    Ok(S3Response::new(output))
}

fn check_key(key: &str) -> S3Result<()> {
    if key.len() > MAX_KEY { Err(s3_error!(KeyTooLongError)) } else { Ok(()) }
}

fn check_part(number: i32) -> S3Result<()> {
    match (1..=MAX_PARTS).contains(&number) {
        true => Ok(()),
        false => Err(s3_error!(InvalidArgument, "part numbers go from 1 to {MAX_PARTS}")),
    }
}

fn user(metadata: Option<Metadata>) -> S3Result<Metadata> {
    let metadata = metadata.unwrap_or_default();
    let bytes: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_METADATA { Err(s3_error!(MetadataTooLarge)) } else { Ok(metadata) }
}

/// Whether the version that is there is one that the reader wants.
fn fresh(only: Option<&ETagCondition>, unless: Option<&ETagCondition>, object: &Object) -> S3Result<()> {
    if only.is_some_and(|wanted| !matches(wanted, object)) {
        return Err(s3_error!(PreconditionFailed));
    }
    if unless.is_some_and(|known| matches(known, object)) {
        return Err(s3_error!(NotModified));
    }
    Ok(())
}

fn span(range: Option<Range>, size: u64) -> S3Result<(Span<u64>, Option<String>)> {
    let Some(range) = range else { return Ok((0..size, None)) };
    let span = range.check(size).map_err(|error| s3_error!(error, InvalidRange))?;
    let told = format!("bytes {}-{}/{size}", span.start, span.end - 1);
    Ok((span, Some(told)))
}

/// What a copy takes of its source: unlike a read, it may not ask for more than there is.
fn copied_span(range: Option<&str>, size: u64) -> S3Result<Span<u64>> {
    let Some(range) = range else { return Ok(0..size) };
    match Range::parse(range) {
        Ok(Range::Int { first, last: Some(last) }) if last < size => Ok(first..last + 1),
        Ok(Range::Int { .. }) => Err(s3_error!(InvalidRange)),
        _ => Err(s3_error!(InvalidArgument)),
    }
}

/// The condition of a copy, which `s3s` does not read from its headers.
fn of_headers(headers: &HeaderMap) -> S3Result<Condition> {
    let read = |name: &str| {
        let parse = |value: &http::HeaderValue| ETagCondition::parse_http_header(value.as_bytes());
        headers.get(name).map(parse).transpose().map_err(|_| s3_error!(InvalidArgument))
    };
    Ok(Condition { if_match: read("if-match")?, if_none_match: read("if-none-match")? })
}
