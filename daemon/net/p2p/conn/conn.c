/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "conn.h"

#include "net/p2p/multistream/multistream.h"
#include "net/p2p/ws/ws.h"

/* Bytes that are taken from the streams at a time: some records of the secure channel. */
#define PULL (3 * MH_SECURE_PIECE)

static const char *const muxers[] = { "/yamux/1.0.0", NULL };

typedef enum
{
  PHASE_CHOOSE_SECURE,
  PHASE_HANDSHAKE,
  PHASE_CHOOSE_MUXER,
  PHASE_OPEN,
  PHASE_BROKEN,
} Phase;

/* What one phase did. */
typedef enum
{
  STEP_WAIT, /* it needs more bytes */
  STEP_NEXT, /* the next phase has begun */
  STEP_FAILED,
} Step;

struct _MhConn
{
  Phase phase;
  MhConnNew request;
  MhPeerId expected; /* when @request.expected is set, which then points here */
  MhYamuxLimits limits;
  MhWs *ws;               /* (owned) (nullable) */
  MhPnet *pnet;           /* (owned) (nullable) */
  const char **proposals; /* (owned) (element-type utf8): names of the channels we speak */
  MhMultistream *choice;  /* (owned) (nullable): of channel or muxer, while it goes on */
  MhSecure *channel;      /* (owned) (nullable) */
  const char *security;   /* (unowned) (nullable) */
  MhYamux *yamux;         /* (owned) (nullable) */

  MhBuf raw;   /* from the network, inside a WebSocket */
  MhBuf in;    /* without pnet */
  MhBuf plain; /* without the secure channel */
  MhBuf up;    /* for the secure channel */
  MhBuf low;   /* for the WebSocket */
  MhBuf out;   /* for the network */
};

/* Where the layer above pnet writes; begin_lower() notes from where on. */
static MhBuf *
begin_lower (MhConn *self, gsize *from)
{
  MhBuf *target = self->ws != NULL ? &self->low : &self->out;

  *from = mh_buf_size (target);

  return target;
}

/* Turns what was written and sends it on its way. */
static void
end_lower (MhConn *self, gsize from)
{
  MhBuf *target = self->ws != NULL ? &self->low : &self->out;

  if (self->pnet != NULL)
    mh_pnet_seal (self->pnet, mh_buf_peek (target) + from, mh_buf_size (target) - from);
  if (self->ws == NULL || !mh_ws_is_open (self->ws) || mh_buf_size (target) == 0)
    return;

  mh_ws_wrap (self->ws, mh_buf_peek (target), mh_buf_size (target), &self->out);
  mh_buf_consume (target, mh_buf_size (target));
}

static gboolean
accept_secure (const char *protocol, gpointer data)
{
  MhConn *self = data;

  return g_strv_contains ((const char *const *) self->proposals, protocol);
}

static gboolean
accept_muxer (const char *protocol, gpointer data)
{
  return g_strv_contains (muxers, protocol);
}

static void
fill_proposals (MhConn *self)
{
  guint count = 0;

  while (self->request.secure[count].protocol != NULL)
    count++;
  self->proposals = g_new0 (const char *, count + 1);
  for (guint i = 0; i < count; i++)
    self->proposals[i] = self->request.secure[i].protocol;
}

/* Puts the first bytes of every layer into @out. */
static void
begin (MhConn *self)
{
  MhConnNew *request = &self->request;
  MhBuf *target;
  gsize from;

  if (request->is_websocket && request->is_client)
    self->ws = mh_ws_new_client (request->host, &self->out);
  else if (request->is_websocket)
    self->ws = mh_ws_new_server ();
  target = begin_lower (self, &from);
  if (request->swarm_key != NULL)
    self->pnet = mh_pnet_new (request->swarm_key, target);
  target = begin_lower (self, &from);
  if (request->is_client)
    self->choice = mh_multistream_dial ((const char *const *) self->proposals, target);
  else
    self->choice = mh_multistream_listen (accept_secure, self, target);
  end_lower (self, from);
}

MhConn *
mh_conn_new (const MhConnNew *request)
{
  MhConn *self = g_new0 (MhConn, 1);

  self->request = *request;
  if (request->expected != NULL)
    {
      self->expected = *request->expected;
      self->request.expected = &self->expected;
    }
  if (request->limits != NULL)
    {
      self->limits = *request->limits;
      self->request.limits = &self->limits;
    }
  self->raw.keeps = self->in.keeps = self->plain.keeps = TRUE;
  self->up.keeps = self->low.keeps = self->out.keeps = TRUE;
  fill_proposals (self);
  begin (self);

  return self;
}

void
mh_conn_free (MhConn *self)
{
  if (self == NULL)
    return;

  mh_yamux_free (self->yamux);
  mh_multistream_free (self->choice);
  mh_secure_free (self->channel);
  mh_pnet_free (self->pnet);
  mh_ws_free (self->ws);
  g_free (self->proposals);
  mh_buf_clear (&self->raw);
  mh_buf_clear (&self->in);
  mh_buf_clear (&self->plain);
  mh_buf_clear (&self->up);
  mh_buf_clear (&self->low);
  mh_buf_clear (&self->out);
  g_free (self);
}

guint8 *
mh_conn_reserve (MhConn *self, gsize size)
{
  return mh_buf_reserve (self->ws != NULL ? &self->raw : &self->in, size);
}

/* Seals what is in @up. */
static gboolean
send_up (MhConn *self, GError **error)
{
  gsize from;
  MhBuf *target = begin_lower (self, &from);
  gboolean good;

  good = mh_secure_seal (self->channel, mh_buf_peek (&self->up), mh_buf_size (&self->up), target,
                         error);
  mh_buf_consume (&self->up, mh_buf_size (&self->up));
  end_lower (self, from);

  return good;
}

/* Returns: STEP_NEXT when both sides agreed */
static Step
judge (MhMultistreamState state, const char *on, GError **error)
{
  switch (state)
    {
    case MH_MULTISTREAM_MORE:
      return STEP_WAIT;
    case MH_MULTISTREAM_AGREED:
      return STEP_NEXT;
    case MH_MULTISTREAM_NONE:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                   "there is no %s that both sides speak", on);
      return STEP_FAILED;
    case MH_MULTISTREAM_BROKEN:
      break;
    }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                       "the other side does not speak libp2p, or has another swarm key");

  return STEP_FAILED;
}

static gboolean
start_handshake (MhConn *self, GError **error)
{
  const char *name = mh_multistream_protocol (self->choice);
  const MhConnSecure *secure = self->request.secure;
  MhBuf *target;
  gboolean good;
  gsize from;

  while (!g_str_equal (secure->protocol, name))
    secure++;
  self->security = secure->protocol;
  g_clear_pointer (&self->choice, mh_multistream_free);
  self->channel =
      secure->make (self->request.is_client, self->request.expected, self->request.secure_data);
  target = begin_lower (self, &from);
  good = mh_secure_start (self->channel, target, error);
  end_lower (self, from);

  return good;
}

static Step
choose_secure (MhConn *self, GError **error)
{
  gsize from;
  MhBuf *target = begin_lower (self, &from);
  Step step =
      judge (mh_multistream_feed (self->choice, &self->in, target), "secure channel", error);

  end_lower (self, from);
  if (step != STEP_NEXT)
    return step;
  if (!start_handshake (self, error))
    return STEP_FAILED;
  self->phase = PHASE_HANDSHAKE;

  return STEP_NEXT;
}

static gboolean
open_up (MhConn *self, GError **error)
{
  gsize from;
  MhBuf *target = begin_lower (self, &from);
  gboolean good = mh_secure_feed (self->channel, &self->in, &self->plain, target, error);

  end_lower (self, from);

  return good;
}

static void
start_yamux (MhConn *self)
{
  g_clear_pointer (&self->choice, mh_multistream_free);
  self->yamux = mh_yamux_new (self->request.is_client, self->request.limits, self->request.events,
                              self->request.data);
  self->phase = PHASE_OPEN;
}

static Step
handshake (MhConn *self, GError **error)
{
  if (!open_up (self, error))
    return STEP_FAILED;
  if (!self->channel->is_open)
    return STEP_WAIT;

  if (self->channel->muxer != NULL)
    {
      start_yamux (self);
      return STEP_NEXT;
    }

  self->choice = self->request.is_client ? mh_multistream_dial (muxers, &self->up)
                                         : mh_multistream_listen (accept_muxer, self, &self->up);
  self->phase = PHASE_CHOOSE_MUXER;

  return send_up (self, error) ? STEP_NEXT : STEP_FAILED;
}

static Step
choose_muxer (MhConn *self, GError **error)
{
  Step step;

  if (!open_up (self, error))
    return STEP_FAILED;
  step = judge (mh_multistream_feed (self->choice, &self->plain, &self->up), "muxer", error);
  if (mh_buf_size (&self->up) > 0 && !send_up (self, step == STEP_FAILED ? NULL : error))
    return STEP_FAILED;
  if (step == STEP_NEXT)
    start_yamux (self);

  return step;
}

static Step
run_streams (MhConn *self, gint64 now_us, GError **error)
{
  gboolean good;

  if (!open_up (self, error))
    return STEP_FAILED;
  good = mh_yamux_feed (self->yamux, mh_buf_peek (&self->plain), mh_buf_size (&self->plain), now_us,
                        error);
  mh_buf_consume (&self->plain, mh_buf_size (&self->plain));

  return good ? STEP_WAIT : STEP_FAILED;
}

static Step
take_step (MhConn *self, gint64 now_us, GError **error)
{
  switch (self->phase)
    {
    case PHASE_CHOOSE_SECURE:
      return choose_secure (self, error);
    case PHASE_HANDSHAKE:
      return handshake (self, error);
    case PHASE_CHOOSE_MUXER:
      return choose_muxer (self, error);
    case PHASE_OPEN:
      return run_streams (self, now_us, error);
    case PHASE_BROKEN:
      break;
    }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "the connection is broken");

  return STEP_FAILED;
}

/* Takes bytes out of the WebSocket and of pnet. */
static gboolean
open_low (MhConn *self, gsize size, GError **error)
{
  gsize from = mh_buf_size (&self->in);

  if (self->ws == NULL)
    {
      mh_buf_commit (&self->in, size);
    }
  else
    {
      mh_buf_commit (&self->raw, size);
      if (!mh_ws_feed (self->ws, &self->raw, &self->in, &self->out, error))
        return FALSE;
      end_lower (self, mh_buf_size (&self->low)); /* what waited for the upgrade */
    }
  /* the nonce comes first of all, when nothing else waits */
  if (self->pnet != NULL)
    mh_buf_consume (&self->in, mh_pnet_open (self->pnet, mh_buf_peek (&self->in) + from,
                                             mh_buf_size (&self->in) - from));

  return TRUE;
}

gboolean
mh_conn_received (MhConn *self, gsize size, gint64 now_us, GError **error)
{
  Step step = open_low (self, size, error) ? STEP_NEXT : STEP_FAILED;

  while (step == STEP_NEXT)
    step = take_step (self, now_us, error);
  if (step == STEP_WAIT)
    return TRUE;
  self->phase = PHASE_BROKEN;

  return FALSE;
}

MhBuf *
mh_conn_pull (MhConn *self, gsize most)
{
  gboolean is_urgent = TRUE;
  gboolean was_urgent = FALSE;

  while (self->yamux != NULL && mh_buf_size (&self->out) < most && (is_urgent || !was_urgent))
    {
      was_urgent = mh_yamux_is_urgent (self->yamux);
      if (!mh_yamux_pull (self->yamux, &self->up, MIN (PULL, most)))
        break;
      if (!send_up (self, NULL))
        {
          self->phase = PHASE_BROKEN;
          break;
        }
      is_urgent = mh_yamux_is_urgent (self->yamux);
    }

  return &self->out;
}

gboolean
mh_conn_is_urgent (const MhConn *self)
{
  return mh_buf_size (&self->out) == 0 && self->yamux != NULL && mh_yamux_is_urgent (self->yamux);
}

gboolean
mh_conn_wants_send (const MhConn *self)
{
  return mh_buf_size (&self->out) > 0 || (self->yamux != NULL && mh_yamux_wants_send (self->yamux));
}

void
mh_conn_trim (MhConn *self)
{
  mh_buf_trim (&self->raw);
  mh_buf_trim (&self->in);
  mh_buf_trim (&self->plain);
  mh_buf_trim (&self->up);
  mh_buf_trim (&self->low);
  mh_buf_trim (&self->out);
}

gboolean
mh_conn_is_open (const MhConn *self)
{
  return self->phase == PHASE_OPEN;
}

gboolean
mh_conn_is_ended (const MhConn *self)
{
  return (self->channel != NULL && self->channel->is_ended)
         || (self->ws != NULL && mh_ws_is_ended (self->ws));
}

const MhPeerId *
mh_conn_peer (const MhConn *self)
{
  return &self->channel->peer;
}

const char *
mh_conn_security (const MhConn *self)
{
  return self->security;
}

MhYamux *
mh_conn_yamux (const MhConn *self)
{
  return self->yamux;
}

void
mh_conn_close (MhConn *self)
{
  gsize from;
  MhBuf *target;

  if (self->yamux != NULL)
    mh_yamux_go_away (self->yamux);
  (void) mh_conn_pull (self, PULL); /* control frames go first */
  if (self->channel != NULL && self->channel->is_open)
    {
      target = begin_lower (self, &from);
      mh_secure_close (self->channel, target);
      end_lower (self, from);
    }
  if (self->ws != NULL && mh_ws_is_open (self->ws))
    mh_ws_close (self->ws, &self->out);
}
