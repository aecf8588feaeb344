/* The recurrence of an LSTM layer, one direction of it, on the processor's vector registers.

   The formulas and their derivation stand in lstm.py; forward_pass and backward_pass do what
   its functions of the same names do. What is gained here: the product with the recurrent
   weights and all gate arithmetic of 16 units and a few lines happen in registers, the weights
   stay in the processor's own cache from one frame to the next, and padding costs nothing.

   Built once with float elements and once, with -DBF16, with bfloat16 elements, whose products
   are summed in float. States and deltas of states are float in both. Arrays are (T, N, D, .)
   with the pointer already moved to the direction; the order of the gates is i, f, z, o, or
   i, z, o where there is no forget gate. */

#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#define LANES 16 /* floats in a register */
#define ROWS 6   /* lines whose sums fit in the registers together: 4 ROWS < registers */
#elif defined(__AVX__)
#define LANES 8
#define ROWS 3
#else
#define LANES 4
#define ROWS 4
#endif

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#ifdef BF16
#ifndef __AVX512BF16__
#error "no bfloat16 products on this processor"
#endif
typedef uint16_t element;
#define DEPTH 2 /* neighbouring products that one instruction sums */

INLINE vec load(const element *from) {
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)from));
    return (vec)_mm512_slli_epi32(wide, 16);
}

INLINE void store(element *to, vec value) {
    _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh((__m512)value));
}

typedef __m512i packed;
INLINE packed load_weights(const element *from) { return _mm512_loadu_si512(from); }
INLINE packed broadcast(const element *from) {
    int32_t both;
    memcpy(&both, from, 4);
    return _mm512_set1_epi32(both);
}
INLINE vec add_product(vec sum, packed a, packed b) {
    return (vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}
#else
typedef float element;
#define DEPTH 1

INLINE vec load(const element *from) { return *(const vec *)from; }
INLINE void store(element *to, vec value) { *(vec *)to = value; }

typedef vec packed;
INLINE packed load_weights(const element *from) { return *(const vec *)from; }
INLINE packed broadcast(const element *from) { return (vec){0} + *from; }
INLINE vec add_product(vec sum, packed a, packed b) { return sum + a * b; }
#endif

/* What the next frame needs, fetched while this one is computed. Past an end it does nothing. */
#define SOON(place) __builtin_prefetch(place, 0, 2)

/* A squashing function scale * tanh(slope * x). */
typedef struct {
    float scale, slope;
} Squashing;

/* What one call works on; see native.py. Strides are in elements. */
typedef struct {
    int64_t lines, units, gates;       /* N, H, 4 or 3 */
    int64_t direction;                 /* +1: from the first frame on, -1: from the last back */
    int64_t gate_frame, gate_line;     /* strides of gate_values */
    int64_t unit_frame, unit_line;     /* strides of outputs and output_deltas */
    int64_t state_frame;               /* stride of states from frame to frame, or 0 */
    int64_t *steps, *first;            /* (N,) frames of each line, and where it begins */
    element *weights;                  /* packed, see native.py */
    element *gate_values;              /* in: W x(t), out: gates; backward in: gates, out: deltas */
    element *outputs;                  /* y(t) */
    float *states;                     /* c(t) */
    element *first_output;             /* y before the first frame */
    float *first_state;                /* c before the first frame */
    float *bias;                       /* (gates H) */
    float *peepholes;                  /* (3, H) of i, f, o, or NULL */
    element *output_deltas;            /* dE/dy(t) from above */
    float *carry;                      /* (N, H), 0 at first: delta of c(t) from t+1 */
    float *peephole_deltas;            /* (3, H), 0 at first */
    element *zeros;                    /* (gates H) zeros */
    Squashing g, h;
} Pass;

/* The places of one line at one step. */
typedef struct {
    element *gates, *output;
    const element *input, *above;
    const float *before;
    float *state, *carry;
} Row;

int64_t lanes(void) { return LANES; }
int64_t depth(void) { return DEPTH; }

/* exp(x) by x = n ln 2 + r and a polynomial in r (Cephes); relative error below 3e-7. */
INLINE vec exponential(vec x) {
    const vec top = (vec){0} + 87.0f, bottom = (vec){0} - 87.0f, magic = (vec){0} + 12582912.0f;
    ints over = x > top, under = x < bottom;
    x = (vec)(((ints)top & over) | ((ints)x & ~over));
    x = (vec)(((ints)bottom & under) | ((ints)x & ~under));
    vec shifted = x * 1.44269504f + magic; /* the integer n stands in the low bits */
    vec n = shifted - magic;
    vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
    vec p = (vec){0} + 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    return (vec)((ints)p + ((ints)shifted << 23));
}

INLINE vec sigmoid(vec x) { return 1.0f / (1.0f + exponential(-x)); }

INLINE vec squash(vec x, Squashing by) {
    return by.scale * (2.0f / (1.0f + exponential(-2.0f * by.slope * x)) - 1.0f);
}

/* The derivative of a squashing function from its value. */
INLINE vec slope_at(vec value, Squashing by) {
    return by.slope * (by.scale - value * value * (1.0f / by.scale));
}

/* sum[r][c] += inputs[r] . column c of weights, laid out (size / DEPTH, columns, LANES, DEPTH). */
INLINE void add_products(vec *sum, int rows, int columns, const Row *row, const element *weights,
                         int64_t size) {
    for (int64_t k = 0; k < size; k += DEPTH) {
        packed w[4];
#pragma GCC unroll 4
        for (int c = 0; c < columns; c++) w[c] = load_weights(weights + c * LANES * DEPTH);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            packed x = broadcast(row[r].input + k);
#pragma GCC unroll 4
            for (int c = 0; c < columns; c++)
                sum[r * columns + c] = add_product(sum[r * columns + c], x, w[c]);
        }
        weights += columns * LANES * DEPTH;
    }
}

/* Gates, state and output of LANES units beginning at u, for a few lines. */
INLINE void forward_units(const Pass *pass, const Row *row, int rows, int gates, int64_t u) {
    const int64_t units = pass->units;
    const int z_at = gates - 2, o_at = gates - 1;
    vec sum[ROWS * 4];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int g = 0; g < gates; g++)
            sum[r * gates + g] =
                load(row[r].gates + g * units + u) + *(vec *)(pass->bias + g * units + u);
    add_products(sum, rows, gates, row, pass->weights + u * gates * units, units);
    vec sums[ROWS * 4]; /* of its own, so that `sum` is only ever in registers */
#pragma GCC unroll 24
    for (int k = 0; k < rows * gates; k++) sums[k] = sum[k];
#pragma GCC unroll 1
    for (int r = 0; r < rows; r++) {
        vec *a = sums + r * gates;
        vec before = *(const vec *)(row[r].before + u);
        if (pass->peepholes) {
            a[0] += *(vec *)(pass->peepholes + u) * before;
            if (gates == 4) a[1] += *(vec *)(pass->peepholes + units + u) * before;
        }
        vec i = sigmoid(a[0]), z = squash(a[z_at], pass->g);
        vec c = z * i;
        if (gates == 4) {
            vec f = sigmoid(a[1]);
            c += f * before;
            store(row[r].gates + units + u, f);
        } else {
            c += before;
        }
        if (pass->peepholes) a[o_at] += *(vec *)(pass->peepholes + 2 * units + u) * c;
        vec o = sigmoid(a[o_at]);
        store(row[r].gates + u, i);
        store(row[r].gates + z_at * units + u, z);
        store(row[r].gates + o_at * units + u, o);
        *(vec *)(row[r].state + u) = c;
        store(row[r].output + u, squash(c, pass->h) * o);
        for (int g = 0; g < gates; g++)
            SOON(row[r].gates + pass->direction * pass->gate_frame + g * units + u);
    }
}

/* Deltas of the gates of LANES units at u, for one line, from delta_y. */
INLINE void backward_unit(const Pass *pass, const Row *row, int gates, int64_t u, vec dy) {
    const int64_t units = pass->units;
    const int z_at = gates - 2, o_at = gates - 1;
    element *at = row->gates + u;
    vec i = load(at), z = load(at + z_at * units), o = load(at + o_at * units);
    vec before = *(const vec *)(row->before + u), state = *(vec *)(row->state + u);
    vec y = squash(state, pass->h);
    vec d_o = dy * y * o * (1.0f - o);
    vec dc = dy * o * slope_at(y, pass->h) + *(vec *)(row->carry + u);
    if (pass->peepholes) {
        dc += *(vec *)(pass->peepholes + 2 * units + u) * d_o;
        *(vec *)(pass->peephole_deltas + 2 * units + u) += d_o * state;
    }
    vec di = dc * z * i * (1.0f - i), carry = dc;
    if (gates == 4) {
        vec f = load(at + units);
        vec df = dc * before * f * (1.0f - f);
        carry *= f;
        store(at + units, df);
        if (pass->peepholes) {
            carry += *(vec *)(pass->peepholes + units + u) * df;
            *(vec *)(pass->peephole_deltas + units + u) += df * before;
        }
    }
    if (pass->peepholes) {
        carry += *(vec *)(pass->peepholes + u) * di;
        *(vec *)(pass->peephole_deltas + u) += di * before;
    }
    store(at, di);
    store(at + z_at * units, dc * i * slope_at(z, pass->g));
    store(at + o_at * units, d_o);
    *(vec *)(row->carry + u) = carry;
    for (int g = 0; g < gates; g++) SOON(at - pass->direction * pass->gate_frame + g * units);
    SOON(row->before + u - pass->direction * pass->state_frame);
    SOON(row->above + u - pass->direction * pass->unit_frame);
}

/* The same for `columns` LANES units and a few lines, delta_y first. */
INLINE void backward_units(const Pass *pass, const Row *row, int rows, int columns, int gates,
                           int64_t u) {
    const int64_t size = gates * pass->units;
    vec sum[ROWS * 4];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int c = 0; c < columns; c++)
            sum[r * columns + c] = load(row[r].above + u + c * LANES);
    add_products(sum, rows, columns, row, pass->weights + u * size, size);
    vec sums[ROWS * 4];
#pragma GCC unroll 24
    for (int k = 0; k < rows * columns; k++) sums[k] = sum[k];
#pragma GCC unroll 1
    for (int k = 0; k < rows * columns; k++)
        backward_unit(pass, row + k / columns, gates, u + k % columns * LANES, sums[k]);
}

/* The lines that have a frame at this step; their number. */
static int64_t rows_at(const Pass *pass, int64_t step, int backward, Row *row) {
    int64_t count = 0;
    for (int64_t n = 0; n < pass->lines; n++) {
        if (step >= pass->steps[n]) continue;
        Row *now = row + count++;
        int64_t frame = pass->first[n] + pass->direction * step;
        int64_t last = frame - pass->direction, next = frame + pass->direction;
        int64_t line = n * pass->unit_line;
        now->gates = pass->gate_values + frame * pass->gate_frame + n * pass->gate_line;
        now->output = pass->outputs + frame * pass->unit_frame + line;
        now->state = pass->states + frame * pass->state_frame + line;
        now->before = step ? pass->states + last * pass->state_frame + line
                           : pass->first_state + line;
        if (!backward) {
            now->input = step ? pass->outputs + last * pass->unit_frame + line
                              : pass->first_output + line;
            continue;
        }
        now->above = pass->output_deltas + frame * pass->unit_frame + line;
        now->carry = pass->carry + n * pass->units;
        now->input = step + 1 < pass->steps[n]
                         ? pass->gate_values + next * pass->gate_frame + n * pass->gate_line
                         : pass->zeros;
    }
    return count;
}

static int64_t longest(const Pass *pass) {
    int64_t steps = 0;
    for (int64_t n = 0; n < pass->lines; n++)
        if (pass->steps[n] > steps) steps = pass->steps[n];
    return steps;
}

/* Calls WORK(rows) with rows known to the compiler, so that sums stay in registers. */
#define FOR_ROWS(count, WORK)                                                       \
    do {                                                                            \
        int64_t r = 0;                                                              \
        for (; r + ROWS <= (count); r += ROWS) { WORK(r, ROWS); }                   \
        switch ((count) - r) {                                                      \
        case 5: WORK(r, (5 < ROWS ? 5 : ROWS)); break;                              \
        case 4: WORK(r, (4 < ROWS ? 4 : ROWS)); break;                              \
        case 3: WORK(r, (3 < ROWS ? 3 : ROWS)); break;                              \
        case 2: WORK(r, 2); break;                                                  \
        case 1: WORK(r, 1); break;                                                  \
        }                                                                           \
    } while (0)

#define FORWARD4(r, rows) forward_units(pass, row + r, rows, 4, u)
#define FORWARD3(r, rows) forward_units(pass, row + r, rows, 3, u)

void forward_pass(const Pass *pass) {
    Row row[pass->lines];
    int64_t steps = longest(pass);
    for (int64_t step = 0; step < steps; step++) {
        int64_t count = rows_at(pass, step, 0, row);
        for (int64_t u = 0; u < pass->units; u += LANES) {
            if (pass->gates == 4)
                FOR_ROWS(count, FORWARD4);
            else
                FOR_ROWS(count, FORWARD3);
        }
    }
}

#define BACKWARD(r, rows) backward_units(pass, row + r, rows, columns, gates, u)

INLINE void backward_steps(const Pass *pass, int gates, const int columns) {
    Row row[pass->lines];
    for (int64_t step = longest(pass) - 1; step >= 0; step--) {
        int64_t count = rows_at(pass, step, 1, row);
        for (int64_t u = 0; u < pass->units; u += columns * LANES) FOR_ROWS(count, BACKWARD);
    }
}

void backward_pass(const Pass *pass, int64_t columns) {
    if (pass->gates == 4 && columns == 4) backward_steps(pass, 4, 4);
    else if (pass->gates == 4) backward_steps(pass, 4, 1);
    else if (columns == 4) backward_steps(pass, 3, 4);
    else backward_steps(pass, 3, 1);
}
