// The merging t-digest: a distribution in a bounded number of centroids, small ones at both ends,
// so that extreme quantiles are told best. After T. Dunning and O. Ertl, "Computing Extremely
// Accurate Quantiles Using t-Digests" (2019, arXiv:1902.04023), algorithm 1 with the scale
// function k1(q) = δ / 2π · asin(2q − 1). δ is twice the compression asked for, which makes room
// for what merging parts costs.
//
//  1. Values are appended as centroids of weight 1.
//  2. A full array is sorted by mean and passed over once: a centroid joins its left neighbour as
//     long as both together span no more than 1 on the scale of k1.
//  3. A quantile is interpolated between the middles of the centroids around it; the least and the
//     greatest value are kept as they are. Before anything was joined it is that of the values.
//
// Two neighbours span more than 1, and all together δ / 2: at most δ + 1 centroids are left. One at
// the quantile q spans at most 2π·√(q(1 − q)) / δ + (π / δ)² of all rows; the answer's rank is as
// near as that to the one asked for, or twice as far where parts were merged.
#pragma once

#include <cstdint>

#include <varve/kind/function.h>

namespace varve::functions {

struct Centroid {
    double mean;
    double weight;
};

// Trivially relocatable; the array lies in the arena. Finite values only.
struct TDigest {
    double compression;
    double least;
    double greatest;
    double weight;  // of all centroids; also the number of rows
    uint32_t count;
    uint32_t capacity;
    Centroid *centroids;  // outgrown arrays stay in the arena
};

constexpr double kCompressionMin = 10;
constexpr double kCompressionMax = 10'000;
constexpr double kCompressionDefault = 100;

// As many centroids as an array holds at most: those that are left, and room for values.
uint32_t capacity_max(double compression);

// False when the arena is exhausted.
bool add(TDigest &digest, Centroid centroid, const varve_arena *arena);
// Takes `from` in, which may be of another compression.
bool merge(TDigest &into, const TDigest &from, const varve_arena *arena);
// The value at q of [0, 1]; the digest has a row.
double quantile(TDigest &digest, double q);

}  // namespace varve::functions
