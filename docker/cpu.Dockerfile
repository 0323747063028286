# SeaCluster without CUDA: server, migration, workers on a CPU.
#   docker build -f docker/cpu.Dockerfile -t seacluster:0.1.0 .
ARG DOTNET=10.0-noble
FROM mcr.microsoft.com/dotnet/sdk:${DOTNET} AS build
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props .editorconfig SeaCluster.sln ./
COPY src src
COPY benchmarks benchmarks
RUN dotnet publish src/SeaCluster.Cli -c Release -r linux-x64 --self-contained false -o /app \
    -p:SeaTorchSharp=true -p:SeaTorchCuda=false -p:DebugType=none -p:GenerateDocumentationFile=false

FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET} AS run
# ffmpeg decodes media; libgomp is libtorch's own need.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg libgomp1 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /app /opt/seacluster
ENV DOTNET_EnableDiagnostics=0 \
    SEA_COMMAND=sea
# The images' own unprivileged user, by number: Kubernetes' runAsNonRoot checks numbers alone.
USER 1654:1654
WORKDIR /tmp
EXPOSE 8080 9464
ENTRYPOINT ["dotnet", "/opt/seacluster/sea.dll"]
CMD ["--help"]
