// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libvirt/libvirt.h>

#include "driver/daemon/dispatch/codec.hpp"
#include "driver/daemon/dispatch/handlers/handlers.hpp"

namespace virtsev::daemon::dispatch {

void domain_get_job_info(Request& request) {
  const std::optional<JobInfo> job = request.driver.job(domain_argument(request));
  request.out.put_int32(job ? VIR_DOMAIN_JOB_BOUNDED : VIR_DOMAIN_JOB_NONE);
  const JobInfo told = job.value_or(JobInfo{});
  const std::uint64_t left = told.total_bytes - told.done_bytes;
  // Time elapsed and left; data, memory and files: total, processed, left.
  for (const std::uint64_t number :
       {told.elapsed_ms, std::uint64_t{0}, told.total_bytes, told.done_bytes, left, told.total_bytes,
        told.done_bytes, left, std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{0}}) {
    request.out.put_uint64(number);
  }
}

void domain_get_job_stats(Request& request) {
  const Uuid domain = get_domain(request.in);
  const std::uint32_t flags = request.in.get_uint32();
  end_arguments(request);
  check_flags(request, flags, VIR_DOMAIN_JOB_STATS_COMPLETED | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED);
  // Jobs that are over are not kept, of active and inactive domains alike.
  const bool completed = (flags & VIR_DOMAIN_JOB_STATS_COMPLETED) != 0;
  std::optional<JobInfo> job;
  if (completed) {
    request.driver.lookup_by_uuid(domain);
  } else {
    job = request.driver.job(domain);
  }
  std::vector<TypedParameter> parameters;
  if (job) {
    const std::uint64_t left = job->total_bytes - job->done_bytes;
    parameters = {{VIR_DOMAIN_JOB_OPERATION, job->operation},
                  {VIR_DOMAIN_JOB_TIME_ELAPSED, job->elapsed_ms},
                  {VIR_DOMAIN_JOB_DATA_TOTAL, job->total_bytes},
                  {VIR_DOMAIN_JOB_DATA_PROCESSED, job->done_bytes},
                  {VIR_DOMAIN_JOB_DATA_REMAINING, left},
                  {VIR_DOMAIN_JOB_MEMORY_TOTAL, job->total_bytes},
                  {VIR_DOMAIN_JOB_MEMORY_PROCESSED, job->done_bytes},
                  {VIR_DOMAIN_JOB_MEMORY_REMAINING, left}};
  }
  request.out.put_int32(job ? VIR_DOMAIN_JOB_BOUNDED : VIR_DOMAIN_JOB_NONE);
  put_typed_parameters(request.out, parameters, true);
}

}  // namespace virtsev::daemon::dispatch
