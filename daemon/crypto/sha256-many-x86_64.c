/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "hash.h"

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

/*
 * The SHA instructions wait for their own results half of the time, so that two messages side by
 * side take little longer than one. FIPS 180-4 is followed; names are those of the instructions.
 */

#define BLOCK 64
#define LENGTH 8 /* bytes of the length at the end */
#define LANES 2

/* GCC and clang give these functions the instructions; others are called only when they are there.
 */
#define WITH_SHA __attribute__ ((target ("sha,sse4.1")))

/* FIPS 180-4 §4.2.2 */
static const guint32 constants[64] __attribute__ ((aligned (16))) = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* FIPS 180-4 §5.3.3, in the order of the instructions: f e b a, h g d c */
static const guint32 initial[8] = { 0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667,
                                    0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372 };

/* Where a to h are in that order. */
static const guint8 places[8] = { 3, 2, 7, 6, 1, 0, 5, 4 };

/* What the rounds work with. */
typedef struct
{
  __m128i abef;
  __m128i cdgh;
  __m128i words[4];
} Rounds;

/* One message. */
typedef struct
{
  guint32 state[8]; /* in the order of the instructions */
  const guint8 *data;
  gsize blocks;           /* that are left at @data */
  guint8 tail[2 * BLOCK]; /* the last bytes with their padding */
  gsize tail_blocks;      /* 0 once they are at @data */
  const MhSha256Job *job; /* (nullable): %NULL when nothing is left to do */
} Lane;

/* Makes the words for four rounds: from the message, later from the words before. */
WITH_SHA static inline void
schedule (Rounds *self, guint i, const guint8 *data)
{
  const __m128i big_endian = _mm_set_epi32 (0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203);
  __m128i *word = &self->words[i % 4];
  __m128i sum;

  if (i < 4)
    {
      *word = _mm_shuffle_epi8 (_mm_loadu_si128 ((const __m128i *) data + i), big_endian);
      return;
    }

  sum = _mm_alignr_epi8 (self->words[(i + 3) % 4], self->words[(i + 2) % 4], 4);
  sum = _mm_add_epi32 (sum, _mm_sha256msg1_epu32 (*word, self->words[(i + 1) % 4]));
  *word = _mm_sha256msg2_epu32 (sum, self->words[(i + 3) % 4]);
}

/* Four rounds of two messages; their instructions alternate. */
WITH_SHA static inline void
rounds (Rounds *one, Rounds *two, guint i)
{
  __m128i constant = _mm_load_si128 ((const __m128i *) constants + i);
  __m128i first = _mm_add_epi32 (one->words[i % 4], constant);
  __m128i second = _mm_add_epi32 (two->words[i % 4], constant);

  one->cdgh = _mm_sha256rnds2_epu32 (one->cdgh, one->abef, first);
  two->cdgh = _mm_sha256rnds2_epu32 (two->cdgh, two->abef, second);
  first = _mm_shuffle_epi32 (first, 0x0e);
  second = _mm_shuffle_epi32 (second, 0x0e);
  one->abef = _mm_sha256rnds2_epu32 (one->abef, one->cdgh, first);
  two->abef = _mm_sha256rnds2_epu32 (two->abef, two->cdgh, second);
}

WITH_SHA static inline void
load (Rounds *self, const guint32 *state)
{
  self->abef = _mm_loadu_si128 ((const __m128i *) state);
  self->cdgh = _mm_loadu_si128 ((const __m128i *) state + 1);
}

WITH_SHA static inline void
add (Rounds *self, guint32 *state)
{
  __m128i *to = (__m128i *) state;

  self->abef = _mm_add_epi32 (self->abef, _mm_loadu_si128 (to));
  self->cdgh = _mm_add_epi32 (self->cdgh, _mm_loadu_si128 (to + 1));
  _mm_storeu_si128 (to, self->abef);
  _mm_storeu_si128 (to + 1, self->cdgh);
}

/* Hashes @blocks blocks of each message. */
WITH_SHA static void
hash_two (guint32 *first_state, guint32 *second_state, const guint8 *first, const guint8 *second,
          gsize blocks)
{
  Rounds one;
  Rounds two;

  load (&one, first_state);
  load (&two, second_state);
  for (gsize block = 0; block < blocks; block++)
    {
#pragma GCC unroll 16
      for (guint i = 0; i < 16; i++)
        {
          schedule (&one, i, first + block * BLOCK);
          schedule (&two, i, second + block * BLOCK);
          rounds (&one, &two, i);
        }
      add (&one, first_state);
      add (&two, second_state);
    }
}

/* FIPS 180-4 §5.1.1 */
static void
pad (Lane *lane, const guint8 *rest, gsize size)
{
  guint64 bits = GUINT64_TO_BE ((guint64) lane->job->size * 8);

  lane->tail_blocks = size + 1 + LENGTH > BLOCK ? 2 : 1;
  memset (lane->tail, 0, sizeof lane->tail);
  if (size > 0)
    memcpy (lane->tail, rest, size);
  lane->tail[size] = 0x80;
  memcpy (lane->tail + lane->tail_blocks * BLOCK - LENGTH, &bits, sizeof bits);
}

static void
finish (Lane *lane)
{
  for (guint i = 0; i < 8; i++)
    {
      guint32 word = GUINT32_TO_BE (lane->state[places[i]]);

      memcpy (lane->job->out + i * sizeof word, &word, sizeof word);
    }
  lane->job = NULL;
}

/* Has @lane know what comes next: the padding, another one of @jobs, or nothing. */
static void
advance (Lane *lane, const MhSha256Job **jobs, const MhSha256Job *end)
{
  if (lane->blocks > 0)
    return;

  if (lane->tail_blocks == 0 && lane->job != NULL)
    finish (lane);
  if (lane->job == NULL && *jobs < end)
    {
      lane->job = (*jobs)++;
      memcpy (lane->state, initial, sizeof initial);
      lane->data = lane->job->data;
      lane->blocks = lane->job->size / BLOCK;
      pad (lane, lane->data + lane->blocks * BLOCK, lane->job->size % BLOCK);
    }
  if (lane->job == NULL || lane->blocks > 0)
    return;

  lane->data = lane->tail;
  lane->blocks = lane->tail_blocks;
  lane->tail_blocks = 0;
}

/* Takes @count blocks off what a lane has. */
static void
consume (Lane *lane, gsize count)
{
  lane->data += count * BLOCK;
  lane->blocks -= count;
}

/* Hashes what one lane has left beside something that nobody wants: that takes no longer. */
static void
run_alone (Lane *lane)
{
  guint32 unused[8] = { 0 };

  hash_two (lane->state, unused, lane->data, lane->data, lane->blocks);
  consume (lane, lane->blocks);
}

static void
run (Lane *lanes)
{
  gsize count = MIN (lanes[0].blocks, lanes[1].blocks);

  if (lanes[0].job == NULL || lanes[1].job == NULL)
    {
      run_alone (lanes[0].job != NULL ? &lanes[0] : &lanes[1]);
      return;
    }

  hash_two (lanes[0].state, lanes[1].state, lanes[0].data, lanes[1].data, count);
  consume (&lanes[0], count);
  consume (&lanes[1], count);
}

static gboolean
has_sha (void)
{
  static gsize known = 0; /* to ask takes microseconds in a virtual machine */

  if (g_once_init_enter (&known))
    {
      unsigned int eax = 0;
      unsigned int ebx = 0;
      unsigned int ecx = 0;
      unsigned int edx = 0;
      gboolean there =
          __get_cpuid_count (7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & bit_SHA) != 0;

      g_once_init_leave (&known, there ? 2 : 1);
    }

  return known == 2;
}

void
mh_sha256_many (const MhSha256Job *jobs, gsize count)
{
  const MhSha256Job *end = jobs + count;
  Lane lanes[LANES] = { 0 };

  if (count < LANES || !has_sha ())
    {
      for (; jobs < end; jobs++)
        mh_sha256 (jobs->data, jobs->size, jobs->out);
      return;
    }

  while (TRUE)
    {
      advance (&lanes[0], &jobs, end);
      advance (&lanes[1], &jobs, end);
      if (lanes[0].job == NULL && lanes[1].job == NULL)
        return;
      run (lanes);
    }
}
