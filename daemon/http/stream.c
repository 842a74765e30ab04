/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "private.h"

#include "base/error.h"

/* Sends a content: a worker reads 1 MiB ahead, the loop hands libsoup one small piece a turn. */

#define READ_BYTES (1024 * 1024)

struct _MhStream
{
  gatomicrefcount refs;
  MhContent *content; /* (owned) */
  MhRequest *request; /* (unowned) loop only; NULL once the request is over */
  guint64 offset;     /* next byte to read */
  guint64 end;        /* one after the last byte */
  GBytes *sending;    /* (owned) (nullable) loop only: what is left of the last read */
  GBytes *ahead;      /* (owned) (nullable) loop only: the read after it */
  GError *error;      /* (owned) (nullable) loop only: how the last read failed */
  gboolean reading;   /* loop only: a worker is at it */
  gboolean begun;     /* loop only: the headers are out */
  gboolean wanted;    /* loop only: libsoup has nothing to send */
  gboolean at_end;    /* loop only: nothing is left to read */
  MhSelection selection;
};

typedef struct
{
  MhStream *stream;   /* (owned) */
  MhRequest *request; /* (owned) */
  GBytes *bytes;      /* (owned) (nullable) */
  GError *error;      /* (owned) (nullable) */
} ReadJob;

static MhStream *
stream_ref (MhStream *self)
{
  g_atomic_ref_count_inc (&self->refs);

  return self;
}

static void
stream_unref (MhStream *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  mh_content_free (self->content);
  g_clear_pointer (&self->sending, g_bytes_unref);
  g_clear_pointer (&self->ahead, g_bytes_unref);
  g_clear_error (&self->error);
  g_free (self);
}

void
mh_stream_free (MhStream *self)
{
  self->request = NULL;
  stream_unref (self);
}

static void
read_job_free (gpointer data)
{
  ReadJob *job = data;

  g_clear_pointer (&job->bytes, g_bytes_unref);
  g_clear_error (&job->error);
  stream_unref (job->stream);
  mh_request_unref (job->request);
  g_free (job);
}

static void begin (MhStream *self);
static void send_piece (MhRequest *request);
static void read_ahead (MhStream *self);

static void
give_up (MhStream *self)
{
  MhRequest *request = self->request;

  if (!self->begun)
    {
      request->answered = FALSE;
      mh_reply_error (request, self->error);
      mh_request_resume (request);
      return;
    }

  /* Too late for a status: a connection that breaks off is how HTTP says that bytes are missing. */
  g_warning ("%s %s: %s", request->method, request->path, self->error->message);
  if (request->conn != NULL)
    g_socket_shutdown (g_socket_connection_get_socket (request->conn->stream), TRUE, TRUE, NULL);
}

static gboolean
read_done_cb (gpointer user_data)
{
  ReadJob *job = user_data;
  MhStream *self = job->stream;
  gsize size = job->bytes != NULL ? g_bytes_get_size (job->bytes) : 0;

  self->reading = FALSE;
  if (self->request == NULL)
    return G_SOURCE_REMOVE;

  if (job->error != NULL)
    {
      self->error = g_steal_pointer (&job->error);
      self->at_end = TRUE;
    }
  else
    {
      self->offset += size;
      self->at_end = size == 0 || self->offset >= self->end;
      if (size > 0)
        self->ahead = g_steal_pointer (&job->bytes);
    }

  if (!self->begun && self->error == NULL)
    begin (self);
  else if (self->wanted || !self->begun)
    send_piece (self->request);

  return G_SOURCE_REMOVE;
}

static void
read_cb (gpointer data)
{
  ReadJob *job = data;
  MhStream *self = job->stream;
  g_autoptr (GSource) source = g_idle_source_new ();
  gsize max = (gsize) MIN (READ_BYTES, self->end - self->offset);

  job->bytes = self->content->read (self->content->source, self->offset, max, &job->error);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, read_done_cb, job, read_job_free);
  g_source_attach (source, job->request->server->loop);
}

static void
read_ahead (MhStream *self)
{
  ReadJob *job = NULL;

  if (self->reading || self->at_end || self->ahead != NULL)
    return;

  job = g_new0 (ReadJob, 1);
  job->stream = stream_ref (self);
  job->request = mh_request_ref (self->request);
  self->reading = TRUE;
  if (mh_pool_push (self->request->server->readers, read_cb, job))
    return;

  read_job_free (job);
  self->reading = FALSE;
  self->at_end = TRUE;
  self->error = g_error_new_literal (MH_ERROR, MH_ERROR_UNAVAILABLE, "too many downloads at once");
}

/* Hands libsoup the next piece. Runs from the loop itself, never from within libsoup, so that every
 * other connection gets a turn between two pieces. */
static void
send_piece (MhRequest *request)
{
  MhStream *self = request->stream;
  SoupMessageBody *body = NULL;

  if (request->message == NULL || self == NULL)
    return;

  if (self->sending == NULL)
    self->sending = g_steal_pointer (&self->ahead);
  read_ahead (self);

  body = soup_server_message_get_response_body (request->message);
  if (self->sending != NULL)
    {
      gsize size = g_bytes_get_size (self->sending);
      gsize now = MIN (size, MH_PIECE_BYTES);
      g_autoptr (GBytes) whole = g_steal_pointer (&self->sending);
      g_autoptr (GBytes) piece = g_bytes_new_from_bytes (whole, 0, now);

      if (now < size)
        self->sending = g_bytes_new_from_bytes (whole, now, size - now);
      self->wanted = FALSE;
      soup_message_body_append_bytes (body, piece);
      soup_server_message_unpause (request->message);
    }
  else if (self->error != NULL)
    {
      give_up (self);
    }
  else if (self->at_end)
    {
      self->wanted = FALSE;
      soup_message_body_complete (body);
      soup_server_message_unpause (request->message);
    }
  else
    {
      self->wanted = TRUE;
    }
}

static void
wrote_chunk_cb (SoupServerMessage *message, gpointer user_data)
{
  MhRequest *request = user_data;

  mh_conn_mark (request->conn, CONN_SENDING);
  mh_request_post (request, send_piece);
}

static void
wrote_data_cb (SoupServerMessage *message, guint size, gpointer user_data)
{
  MhRequest *request = user_data;

  mh_conn_mark (request->conn, CONN_SENDING);
  g_mutex_lock (&request->server->stats_lock);
  request->server->stats.bytes_out += size;
  g_mutex_unlock (&request->server->stats_lock);
}

static void
set_headers (MhRequest *request, const MhContent *content, const MhSelection *selection)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (request->message);
  g_autofree char *disposition = mh_content_disposition (content->attachment, content->filename);

  mh_request_set_header (request, "Content-Type", content->mime);
  mh_request_set_header (request, "Content-Disposition", disposition);
  if (content->size != MH_CONTENT_UNKNOWN_SIZE)
    mh_request_set_header (request, "Accept-Ranges", "bytes");
  if (content->etag != NULL)
    {
      g_autofree char *etag = g_strdup_printf ("\"%s\"", content->etag);

      /* Validators are useless if nothing may be kept: private, but asked for anew each time. */
      mh_request_set_header (request, "ETag", etag);
      mh_request_set_header (request, "Cache-Control", "private, no-cache");
    }
  if (content->mtime_ms > 0)
    {
      g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (content->mtime_ms / 1000);
      g_autofree char *text = time != NULL ? soup_date_time_to_string (time, SOUP_DATE_HTTP) : NULL;

      if (text != NULL)
        mh_request_set_header (request, "Last-Modified", text);
    }
  if (selection->status == 206)
    soup_message_headers_set_content_range (headers, (goffset) selection->start,
                                            (goffset) selection->end - 1, (goffset) content->size);
}

/* Puts the headers and, for a content that is sent, waits for libsoup to ask for more. */
static void
send_head (MhRequest *request, guint status, guint64 length, gboolean has_body)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (request->message);

  mh_reply_head (request, status);
  if (length == MH_CONTENT_UNKNOWN_SIZE)
    soup_message_headers_set_encoding (headers, SOUP_ENCODING_CHUNKED);
  else
    soup_message_headers_set_content_length (headers, (goffset) length);
  if (!has_body)
    soup_message_body_complete (soup_server_message_get_response_body (request->message));
}

static void
begin (MhStream *self)
{
  MhRequest *request = self->request;
  guint64 length = self->content->size == MH_CONTENT_UNKNOWN_SIZE
                       ? MH_CONTENT_UNKNOWN_SIZE
                       : self->selection.end - self->selection.start;

  self->begun = TRUE;
  set_headers (request, self->content, &self->selection);
  send_head (request, self->selection.status, length, TRUE);
  g_signal_connect (request->message, "wrote-chunk", G_CALLBACK (wrote_chunk_cb), request);
  g_signal_connect (request->message, "wrote-body-data", G_CALLBACK (wrote_data_cb), request);
  send_piece (request);
  mh_request_resume (request);
}

/* What is asked for cannot be had from @content as it is now. */
static void
refuse (MhRequest *request, const MhContent *content, guint status)
{
  g_autoptr (GError) error = NULL;

  if (status == 412)
    {
      error = g_error_new_literal (MH_ERROR, MH_ERROR_PRECONDITION,
                                   "the content is not the one that If-Match names");
    }
  else
    {
      g_autofree char *text = g_strdup_printf ("bytes */%" G_GUINT64_FORMAT, content->size);

      error = g_error_new (MH_ERROR, MH_ERROR_RANGE,
                           "the range lies outside the %" G_GUINT64_FORMAT " bytes", content->size);
      mh_request_set_header (request, "Content-Range", text);
    }
  mh_reply_error (request, error);
  mh_request_resume (request);
}

void
mh_stream_start (MhRequest *request, MhContent *content)
{
  gboolean is_head = g_str_equal (request->method, "HEAD");
  MhConditions conditions = {
    .range = is_head ? NULL : mh_request_header (request, "Range"), /* RFC 9110 §14.2: GET only */
    .if_range = mh_request_header (request, "If-Range"),
    .if_match = mh_request_header (request, "If-Match"),
    .if_none_match = mh_request_header (request, "If-None-Match"),
  };
  MhSelection selection = mh_content_select (content, &conditions);
  MhStream *self = NULL;

  if (selection.status >= 400)
    {
      refuse (request, content, selection.status);
      mh_content_free (content);
      return;
    }

  if (is_head || selection.start == selection.end)
    {
      guint64 length = selection.end - selection.start;

      if (content->size == MH_CONTENT_UNKNOWN_SIZE)
        length = 0;
      set_headers (request, content, &selection);
      send_head (request, selection.status, length, FALSE);
      mh_content_free (content);
      mh_request_resume (request);
      return;
    }

  self = g_new0 (MhStream, 1);
  g_atomic_ref_count_init (&self->refs);
  self->content = content;
  self->request = request;
  self->selection = selection;
  self->offset = selection.start;
  self->end = selection.end;
  request->stream = self;
  read_ahead (self);
  if (self->error != NULL)
    give_up (self);
}
