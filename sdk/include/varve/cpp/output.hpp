// The base class of outputs.
#pragma once

#include "../kind/output.h"
#include "plugin.hpp"

namespace varve {

class Output : public Plugin {
  public:
    // Takes one committed batch, borrowed for the call. unavailable and io_error are tried again.
    // [task]
    virtual Status consume(uint64_t lsn, std::string_view database,
                           std::string_view retention_policy, const varve_batch &batch) = 0;
    // Passes on what was gathered. [task]
    virtual Status flush() { return {}; }

    const void *extension(std::string_view id) override {
        static const varve_output table = {sizeof(varve_output), 0, &consume_batch, &flush_all};
        return id == VARVE_OUTPUT_ID ? &table : nullptr;
    }

  private:
    static int32_t consume_batch(varve_instance *self, uint64_t lsn, varve_str database,
                                 varve_str retention_policy, const varve_batch *batch,
                                 varve_error *error) {
        return guarded(error, [&] {
            return instance_of<Output>(self).consume(lsn, view(database), view(retention_policy),
                                                     *batch);
        });
    }
    static int32_t flush_all(varve_instance *self, varve_error *error) {
        return guarded(error, [&] { return instance_of<Output>(self).flush(); });
    }
};

}  // namespace varve
