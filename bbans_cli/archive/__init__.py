"""A million pictures, in folders and object stores, by many machines: plan, independent shards, report.

All state is files in the job's folder, each with one writer; nothing is appended (job.py has the layout). Equal input,
level and weights give equal bytes, so two workers on one shard are waste and never damage: nothing here is needed for
correctness but that a result file gets its name when it is complete. fsspec speaks to the stores and Dask to the
machines; neither is imported before it is used, and a folder to a folder on one machine needs neither.
"""
