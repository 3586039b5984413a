// The answers of the schema calls, made from the series and fields that a snapshot sees. All
// listings ascend bytewise, start behind request.after and end after request.limit entries or when
// the sink says so.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <varve/kind/storage.h>

#include "storage/common/series_index.hpp"

namespace varve::storage {

using SeriesList = std::vector<const Series *>;

void list_measurements(const SeriesList &series, const varve_schema_request &request,
                       varve_schema_sink sink);
void list_tag_keys(const SeriesList &series, const varve_schema_request &request,
                   varve_schema_sink sink);
void list_tag_values(const SeriesList &series, const varve_schema_request &request,
                     varve_schema_sink sink);
void list_series(const SeriesList &series, const varve_schema_request &request,
                 varve_schema_sink sink);
// Fields with their types. The types of one field are never torn apart by the limit, so that
// resuming behind its name loses nothing.
using FieldSet = std::set<std::pair<std::string, uint32_t>>;
void list_fields(const FieldSet &fields, const varve_schema_request &request,
                 varve_schema_sink sink);

}  // namespace varve::storage
