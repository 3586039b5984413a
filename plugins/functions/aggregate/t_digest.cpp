#include "functions/aggregate/t_digest.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

namespace varve::functions {

namespace {

constexpr uint32_t kCapacityMin = 16;
constexpr uint32_t kValuesPerCentroid = 2;  // room for values before they are joined

// Where the centroid must end that begins at q: 1 further on the scale.
double end_of_centroid(double q, double delta) {
    const double angle = std::asin(2 * std::clamp(q, 0.0, 1.0) - 1) + 2 * std::numbers::pi / delta;
    return angle >= std::numbers::pi / 2 ? 1 : (std::sin(angle) + 1) / 2;
}

void sort_by_mean(TDigest &digest) {
    std::sort(digest.centroids, digest.centroids + digest.count,
              [](const Centroid &a, const Centroid &b) {
                  return a.mean != b.mean ? a.mean < b.mean : a.weight < b.weight;
              });
}

// Step 2 of the header.
void join_neighbours(TDigest &digest) {
    sort_by_mean(digest);
    const double all = digest.weight;
    const double delta = 2 * digest.compression;
    uint32_t last = 0;
    double before = 0;  // the weight left of the last centroid
    double end = all * end_of_centroid(0, delta);
    for (uint32_t i = 1; i < digest.count; ++i) {
        Centroid &left = digest.centroids[last];
        const Centroid next = digest.centroids[i];
        const double joined = left.weight + next.weight;
        if (before + joined <= end) {
            left.mean = std::lerp(left.mean, next.mean, next.weight / joined);
            left.weight = joined;
            continue;
        }
        before += left.weight;
        end = all * end_of_centroid(before / all, delta);
        digest.centroids[++last] = next;
    }
    digest.count = last + 1;
}

bool grow(TDigest &digest, const varve_arena *arena) {
    const uint32_t capacity =
        std::min(std::max(kCapacityMin, digest.capacity * 2), capacity_max(digest.compression));
    auto *centroids = static_cast<Centroid *>(
        arena->allocate(arena->ctx, capacity * sizeof(Centroid), alignof(Centroid)));
    if (centroids == nullptr) return false;
    if (digest.count != 0) {
        std::memcpy(centroids, digest.centroids, digest.count * sizeof(Centroid));
    }
    digest.centroids = centroids;
    digest.capacity = capacity;
    return true;
}

// The value at a position, counted in rows, between two middles.
double between(double from, double from_at, double to, double to_at, double at) {
    return to_at <= from_at ? to : std::lerp(from, to, (at - from_at) / (to_at - from_at));
}

}  // namespace

uint32_t capacity_max(double compression) {
    return static_cast<uint32_t>(std::ceil(2 * compression) + 1) * (1 + kValuesPerCentroid);
}

bool add(TDigest &digest, Centroid centroid, const varve_arena *arena) {
    if (digest.count == digest.capacity) {
        if (digest.capacity < capacity_max(digest.compression)) {
            if (!grow(digest, arena)) return false;
        } else {
            join_neighbours(digest);
        }
    }
    digest.least = digest.count == 0 ? centroid.mean : std::min(digest.least, centroid.mean);
    digest.greatest = digest.count == 0 ? centroid.mean : std::max(digest.greatest, centroid.mean);
    digest.weight += centroid.weight;
    digest.centroids[digest.count++] = centroid;
    return true;
}

bool merge(TDigest &into, const TDigest &from, const varve_arena *arena) {
    if (from.count == 0) return true;
    for (uint32_t i = 0; i < from.count; ++i) {
        if (!add(into, from.centroids[i], arena)) return false;
    }
    into.least = std::min(into.least, from.least);
    into.greatest = std::max(into.greatest, from.greatest);
    return true;
}

double quantile(TDigest &digest, double q) {
    sort_by_mean(digest);
    // A row's middle is half a row behind its begin.
    const double first = 0.5;
    const double last = digest.weight - 0.5;
    const double at = q * digest.weight;
    if (at <= first) return digest.least;
    if (at >= last) return digest.greatest;
    double value = digest.least;
    double value_at = first;
    double before = 0;
    for (uint32_t i = 0; i < digest.count; ++i) {
        const Centroid &centroid = digest.centroids[i];
        const double middle = before + centroid.weight / 2;
        if (at <= middle) return between(value, value_at, centroid.mean, middle, at);
        before += centroid.weight;
        value = centroid.mean;
        value_at = middle;
    }
    return between(value, value_at, digest.greatest, last, at);
}

}  // namespace varve::functions
