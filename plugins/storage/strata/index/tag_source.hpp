// What select and the listings need of a set of series, whether it lies in a file or in memory.
//
// A column is the values of one tag of one measurement, named by a number of the source; columns
// kMeasurementsColumn and kTagKeysColumn are the names of measurements and tag keys. Errors are
// data_loss, from files only. [any]
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <varve/kind/storage.h>

#include "storage/strata/index/bitmap.hpp"
#include "storage/strata/index/file/file_key_reader.hpp"
#include "storage/strata/index/head.hpp"
#include "storage/strata/index/id_union.hpp"

namespace varve::strata {

// Goes through the values of a column, ascending. One thread; not longer than its source.
class ValueCursor {
  public:
    virtual ~ValueCursor() = default;
    // To the first, later the next value; `more` is false behind the last.
    virtual Status next(bool &more) = 0;
    virtual std::string_view text() const = 0;
    // Who has the value; either of the two, once per value.
    virtual Status add_ids(IdUnion &out) = 0;
    virtual Status intersects(const Bitmap &among, bool &out) = 0;
};

class TagSource {
  public:
    virtual ~TagSource() = default;

    // Every id; only those of the measurement unless it is empty. Assigns.
    virtual Status all(std::string_view measurement, Bitmap &out) const = 0;
    // The columns of a tag, of one or (empty) of every measurement. Appends.
    virtual Status columns(std::string_view measurement, std::string_view tag,
                           std::vector<uint32_t> &out) const = 0;
    // The tag keys of a measurement, each with its column. Appends.
    virtual Status tag_keys(std::string_view measurement,
                            std::vector<std::pair<std::string, uint32_t>> &out) const = 0;
    // The series that have the tag at all.
    virtual Status add_present(uint32_t column, IdUnion &out) const = 0;
    // The series that have this value; none when nobody has.
    virtual Status add_value(uint32_t column, std::string_view text, IdUnion &out) const = 0;
    // The values from `from` on.
    virtual Result<std::unique_ptr<ValueCursor>> values(uint32_t column,
                                                        std::string_view from) const = 0;
    // Answers to questions asked before, where the source can't change.
    virtual std::shared_ptr<const Bitmap> cached(const std::string &) const { return nullptr; }
    virtual void cache(const std::string &, const std::shared_ptr<const Bitmap> &) const {}
};

std::shared_ptr<const TagSource> make_source(std::shared_ptr<const IndexFile> file);
std::shared_ptr<const TagSource> make_source(std::shared_ptr<const HeadPart> part);

using TagSources = std::vector<std::shared_ptr<const TagSource>>;

// SeriesIndex::select and the listings, on sources with disjoint ids.
Result<Bitmap> select_series(const TagSources &sources, std::string_view measurement,
                             const varve_series_predicate *tree);
Status list_source_measurements(const TagSources &sources, const Bitmap &among,
                                const varve_schema_request &request, varve_schema_sink sink);
Status list_source_tag_keys(const TagSources &sources, const Bitmap &among,
                            const varve_schema_request &request, varve_schema_sink sink);
Status list_source_tag_values(const TagSources &sources, const Bitmap &among,
                              const varve_schema_request &request, varve_schema_sink sink);

}  // namespace varve::strata
