# One image for every node of the cluster. `./footfall cluster up` builds it; compose.yaml says what each node runs.

FROM debian:bookworm-slim AS base
# procps has the command `kill`, without which Storm's supervisor ends when it should end a worker.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates openjdk-17-jre-headless procps python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
ENV FOOTFALL_HOME=/footfall FOOTFALL_INSTALL=/opt/footfall/install

FROM base AS installation
RUN apt-get update && apt-get install -y --no-install-recommends maven python3-venv
WORKDIR /opt/footfall
# What downloads most comes first, so that a change of the sources does not repeat it.
COPY footfall ./
COPY locks locks
RUN FOOTFALL_HOME=/tmp/home ./footfall --version || test -x install/venv/bin/python
COPY engines engines
COPY extension extension
COPY src src
COPY pyproject.toml ./
# Maven's own cache stays outside of the image. Python cannot write its byte code on a read-only node, so it is made here.
RUN --mount=type=cache,target=/root/.m2 FOOTFALL_HOME=/tmp/home ./footfall install \
    && rm -rf install/uv install/lock install/environment.lock install/maven-repository \
    && (python3 -m compileall -q -j 0 extension src install/venv/lib install/airflow-venv/lib > /dev/null || true) \
    && chmod -R a+rX /opt/footfall

FROM base
# PostgreSQL and HDFS know this user by its name.
RUN useradd --uid 10001 --home-dir /footfall --shell /usr/sbin/nologin footfall \
    && for folder in run logs ledger spool secrets data/visitors data/kafka data/zookeeper data/namenode data/datanode data/journalnode \
        data/storm data/postgres data/yarn-resourcemanager data/yarn-nodemanager data/flume data/flume/shop \
        data/flume/news data/flume/academy data/airflow data/topology data/airflow-database; \
       do install -d -o footfall -g footfall -m 0700 "/footfall/$folder"; done \
    && chown footfall:footfall /footfall /footfall/data
COPY --from=installation /opt/footfall /opt/footfall
ENV PYTHONPATH=/opt/footfall/src TZ=UTC LC_ALL=C.UTF-8 PYTHONUNBUFFERED=1 HOME=/footfall
USER footfall
WORKDIR /footfall
ENTRYPOINT ["/opt/footfall/install/venv/bin/python", "-m", "footfall"]
CMD ["run", "cli"]
