/* The loops that find a line's best text: automaton.py's step, search.py's search, rivals.py's
   margins and alignment.py's best path.

   What they compute and why stands there, under the same names; nothing but time is gained
   here. Every value is the same to the last digit, since texts of equal merit keep their order.
   Python makes all arrays and has checked that no arc of the automaton leads out of them. The
   fields of Automaton to Beam are those of the named tuples, in their order. */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { BLANK = 0, END = 0, START = 1, EMPTY = 0, NOBODY = -1 };
#define NOTHING (-INFINITY)

typedef struct {
    const int32_t *first;             /* (S + 1,) */
    const int32_t *symbols, *targets; /* (A,) */
    const float *scores;              /* (A,) */
    const int32_t *fallbacks;         /* (S,) */
    const float *prices;              /* (S,) */
} Automaton;

typedef struct {
    const double *log_probs; /* (T, K) */
    const int64_t *labels;   /* (C,) */
    const int64_t *first;    /* (T + 1,) */
    const int64_t *symbols;  /* (K,) */
    int64_t count, size;     /* T, K */
} Frames;

typedef struct {
    double weight, bonus;
    int64_t width;
    double reach;
} Merit;

typedef struct {
    int64_t *parent, *label, *length, *child, *sibling, *state;
    double *language;
    int64_t *row, *used;
} Tree;

typedef struct {
    int64_t *node;
    double *blank, *other;
    int64_t *used;
} Beam;

/* The merit of every row of a beam, and the best rows of it, best first. */
typedef struct {
    double *merits; /* as many as the widest beam has rows */
    int64_t *order; /* (width,) */
} Ranking;

/* A text, and what could stand in each of its places. */
typedef struct {
    const int64_t *labels, *peaks; /* (U,) */
    int64_t *states;               /* (U + 2,) */
    int64_t *symbols;              /* (U + 1,) */
    double *margins;               /* (U, R), -inf at first */
    int64_t count, rivals;         /* U, R */
} Reading;

/* The states that paths of a known text go through; see alignment.py. */
typedef struct {
    const double *scores; /* (T, S) */
    const bool *skips;    /* (S,) */
    double *reached;      /* (S,) */
    int8_t *moves;        /* (T, S) */
    int64_t *path;        /* (T,) */
    int64_t frames, states;
} Lattice;

typedef struct {
    int64_t state;
    double score;
} Step;

static Step step(const Automaton *automaton, int64_t state, int64_t symbol) {
    double score = 0;
    for (;;) {
        int64_t low = automaton->first[state], end = automaton->first[state + 1], high = end;
        while (low < high) {
            int64_t middle = (low + high) / 2;
            if (automaton->symbols[middle] < symbol)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < end && automaton->symbols[low] == symbol)
            return (Step){automaton->targets[low], score + automaton->scores[low]};
        score += automaton->prices[state];
        state = automaton->fallbacks[state];
    }
}

static double log_add(double a, double b) {
    double more = a < b ? b : a, less = a < b ? a : b;
    return less == NOTHING ? more : more + log1p(exp(less - more));
}

static int64_t child_of(Tree *tree, int64_t node, int64_t label, int64_t symbol,
                        const Automaton *automaton) {
    for (int64_t found = tree->child[node]; found != NOBODY; found = tree->sibling[found])
        if (tree->label[found] == label) return found;
    int64_t made = (*tree->used)++;
    Step after = step(automaton, tree->state[node], symbol);
    tree->parent[made] = node;
    tree->label[made] = label;
    tree->length[made] = tree->length[node] + 1;
    tree->sibling[made] = tree->child[node];
    tree->child[node] = made;
    tree->state[made] = after.state;
    tree->language[made] = tree->language[node] + after.score;
    return made;
}

static void add(Tree *tree, Beam *beam, int64_t node, double blank, double other) {
    int64_t row = tree->row[node];
    if (row == NOBODY) {
        row = tree->row[node] = (*beam->used)++;
        beam->node[row] = node;
        beam->blank[row] = blank;
        beam->other[row] = other;
    } else {
        beam->blank[row] = log_add(beam->blank[row], blank);
        beam->other[row] = log_add(beam->other[row], other);
    }
}

static void advance(Tree *tree, const Beam *beam, Beam *after, const Frames *frames, int64_t t,
                    const Automaton *automaton) {
    const double *y = frames->log_probs + t * frames->size;
    *after->used = 0;
    for (int64_t row = 0; row < *beam->used; row++) {
        int64_t node = beam->node[row], last = tree->label[node];
        double blank = beam->blank[row], other = beam->other[row], total = log_add(blank, other);
        add(tree, after, node, total + y[BLANK], other + y[last]);
        for (int64_t index = frames->first[t]; index < frames->first[t + 1]; index++) {
            int64_t label = frames->labels[index];
            double before = label == last ? blank : total;
            if (before == NOTHING) continue;
            int64_t child = child_of(tree, node, label, frames->symbols[label], automaton);
            add(tree, after, child, NOTHING, before + y[label]);
        }
    }
}

/* Puts a row behind those that are at least as good, of `kept` in order; how many there are
   then, of which there is room for `width`. */
static int64_t rank(const Ranking *ranking, int64_t row, int64_t kept, int64_t width) {
    int64_t low = 0, high = kept, *order = ranking->order;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (ranking->merits[order[middle]] < ranking->merits[row])
            high = middle;
        else
            low = middle + 1;
    }
    if (low == width) return kept;
    int64_t now = kept < width ? kept + 1 : width; /* the last may have to go */
    memmove(order + low + 1, order + low, (size_t)(now - 1 - low) * sizeof *order);
    order[low] = row;
    return now;
}

static void select_best(Tree *tree, const Beam *beam, Beam *best, const Merit *merit,
                        const Ranking *ranking) {
    int64_t kept = 0;
    for (int64_t row = 0; row < *beam->used; row++) {
        int64_t node = beam->node[row];
        tree->row[node] = NOBODY;
        ranking->merits[row] = log_add(beam->blank[row], beam->other[row]) +
                               merit->weight * tree->language[node] +
                               merit->bonus * (double)tree->length[node];
        kept = rank(ranking, row, kept, merit->width);
    }
    double least = ranking->merits[ranking->order[0]] - merit->reach;
    while (ranking->merits[ranking->order[kept - 1]] < least) kept--;
    *best->used = kept;
    for (int64_t row = 0; row < kept; row++) {
        int64_t chosen = ranking->order[row];
        best->node[row] = beam->node[chosen];
        best->blank[row] = beam->blank[chosen];
        best->other[row] = beam->other[chosen];
    }
}

/* `beam` and `tree` come with nothing but room and the empty prefix, and go as search.py's. */
void search(const Frames *frames, const Automaton *automaton, const Merit *merit, Tree *tree,
            Beam *beam, Beam *after, const Ranking *ranking) {
    add(tree, beam, EMPTY, 0, NOTHING);
    tree->row[EMPTY] = NOBODY;
    for (int64_t t = 0; t < frames->count; t++) {
        advance(tree, beam, after, frames, t, automaton);
        select_best(tree, after, beam, merit, ranking);
    }
    for (int64_t row = 0; row < *beam->used; row++) {
        int64_t node = beam->node[row];
        tree->language[node] += step(automaton, tree->state[node], END).score;
    }
}

static void trace(const Automaton *automaton, const int64_t *symbol_of, const Reading *reading) {
    reading->states[0] = START;
    for (int64_t place = 0; place <= reading->count; place++) {
        int64_t symbol = place < reading->count ? symbol_of[reading->labels[place]] : END;
        reading->symbols[place] = symbol;
        reading->states[place + 1] = step(automaton, reading->states[place], symbol).state;
    }
}

static double spelling(const Automaton *automaton, const Reading *reading, int64_t place,
                       int64_t symbol) {
    Step other = {reading->states[place], 0};
    if (symbol != BLANK) other = step(automaton, other.state, symbol);
    double gain = other.score;
    gain -= step(automaton, reading->states[place], reading->symbols[place]).score;
    for (place++; place <= reading->count && other.state != reading->states[place]; place++) {
        gain -= step(automaton, reading->states[place], reading->symbols[place]).score;
        other = step(automaton, other.state, reading->symbols[place]);
        gain += other.score;
    }
    return gain;
}

void rival_margins(const Frames *frames, const Automaton *automaton, const Merit *merit,
                   const Reading *reading) {
    trace(automaton, frames->symbols, reading);
    for (int64_t place = 0; place < reading->count; place++) {
        int64_t peak = reading->peaks[place], first = frames->first[peak];
        const double *y = frames->log_probs + peak * frames->size;
        double own = y[reading->labels[place]], *margins = reading->margins + place * reading->rivals;
        double without = spelling(automaton, reading, place, BLANK);
        margins[reading->rivals - 1] = y[BLANK] - own + merit->weight * without - merit->bonus;
        for (int64_t index = first; index < frames->first[peak + 1]; index++) {
            int64_t rival = frames->labels[index];
            if (rival == reading->labels[place]) continue;
            double other = spelling(automaton, reading, place, frames->symbols[rival]);
            margins[index - first] = y[rival] - own + merit->weight * other;
        }
    }
}

/* One frame further: from the last state to the first, so that those before it are still as the
   frame before left them. */
static void follow(const Lattice *lattice, int64_t t) {
    double *reached = lattice->reached;
    for (int64_t s = lattice->states - 1; s >= 0; s--) {
        double best = reached[s];
        int8_t move = 0;
        if (s > 0 && reached[s - 1] > best) best = reached[s - 1], move = 1;
        if (s > 1 && lattice->skips[s] && reached[s - 2] > best) best = reached[s - 2], move = 2;
        reached[s] = best + lattice->scores[t * lattice->states + s];
        lattice->moves[t * lattice->states + s] = move;
    }
}

/* Whether a path reaches the end. There are at least two states. */
bool best_path(const Lattice *lattice) {
    int64_t frames = lattice->frames, last = lattice->states - 1;
    double *reached = lattice->reached;
    if (frames == 0) return false;
    for (int64_t s = 0; s <= last; s++) reached[s] = s < 2 ? lattice->scores[s] : NOTHING;
    for (int64_t t = 1; t < frames; t++) follow(lattice, t);
    int64_t state = reached[last] >= reached[last - 1] ? last : last - 1;
    if (reached[state] == NOTHING) return false;
    for (int64_t t = frames - 1; t > 0; t--) {
        lattice->path[t] = state;
        state -= lattice->moves[t * lattice->states + state];
    }
    lattice->path[0] = state;
    return true;
}
