// Plain gRPC C++ (callback API), both ends of a bidirectional echo.
//   bench_rpc_plain serve                     print the port, serve until standard input ends
//   bench_rpc_plain PORT BYTES DEPTH ITEMS    print "P50_NS P99_NS NS_PER_ITEM"

#include "echo.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <unistd.h>
#include <vector>

namespace
{

class Reply : public grpc::ServerBidiReactor<bench::Blob, bench::Blob>
{
      public:
	Reply()
	{
		StartRead(&in_);
	}
	void OnReadDone(bool ok) override
	{
		if (!ok) {
			Finish(grpc::Status::OK);
			return;
		}
		out_.mutable_data()->swap(*in_.mutable_data());
		StartWrite(&out_);
	}
	void OnWriteDone(bool ok) override
	{
		if (ok) {
			StartRead(&in_);
		} else {
			Finish(grpc::Status::OK);
		}
	}
	void OnDone() override
	{
		delete this;
	}

      private:
	bench::Blob in_, out_;
};

class EchoService : public bench::Echo::CallbackService
{
	grpc::ServerBidiReactor<bench::Blob, bench::Blob> *Stream(grpc::CallbackServerContext *) override
	{
		return new Reply;
	}
};

int64_t
now_ns()
{
	return std::chrono::steady_clock::now().time_since_epoch().count();
}

int
serve()
{
	EchoService service;
	grpc::ServerBuilder builder;
	int port = 0;
	builder.SetMaxReceiveMessageSize(-1);
	builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
	builder.RegisterService(&service);
	auto server = builder.BuildAndStart();
	auto wire = static_cast<uint16_t>(port);
	if (write(STDOUT_FILENO, &wire, sizeof wire) != sizeof wire) {
		return 1;
	}
	char byte;
	while (read(STDIN_FILENO, &byte, 1) > 0) {
	}
	server->Shutdown();
	return 0;
}

// Keeps `depth` items under way, one write at a time as the API wants.
class Client : public grpc::ClientBidiReactor<bench::Blob, bench::Blob>
{
      public:
	Client(bench::Echo::Stub *stub, size_t bytes, int depth, int items) : depth_(depth), items_(items)
	{
		request_.set_data(std::string(bytes, 'x'));
		started_.resize(static_cast<size_t>(items));
		stub->async()->Stream(&context_, this);
		StartRead(&reply_);
		StartCall();
		std::lock_guard<std::mutex> hold(mutex_);
		Send();
	}
	void OnWriteDone(bool ok) override
	{
		std::lock_guard<std::mutex> hold(mutex_);
		writing_ = false;
		if (ok) {
			Send();
		}
	}
	void OnReadDone(bool ok) override
	{
		if (!ok) {
			return;
		}
		std::lock_guard<std::mutex> hold(mutex_);
		auto now = now_ns();
		latency_.push_back(now - started_[static_cast<size_t>(received_)]);
		end_ = now;
		if (++received_ == items_) {
			StartWritesDone();
			StartRead(&reply_);
			return;
		}
		StartRead(&reply_);
		Send();
	}
	void OnDone(const grpc::Status &status) override
	{
		std::lock_guard<std::mutex> hold(mutex_);
		ok_ = status.ok() && received_ == items_;
		done_ = true;
		condition_.notify_one();
	}
	int Report()
	{
		std::unique_lock<std::mutex> hold(mutex_);
		condition_.wait(hold, [this] { return done_; });
		auto warm = latency_.size() / 10;
		std::vector<int64_t> rest(latency_.begin() + static_cast<long>(warm), latency_.end());
		auto span = end_ - started_[warm];
		std::sort(rest.begin(), rest.end());
		std::printf("%lld %lld %lld\n", static_cast<long long>(rest[rest.size() / 2]),
		    static_cast<long long>(rest[rest.size() * 99 / 100]),
		    static_cast<long long>(span / static_cast<int64_t>(rest.size())));
		return ok_ ? 0 : 1;
	}

      private:
	void Send()
	{
		if (!writing_ && sent_ < items_ && sent_ - received_ < depth_) {
			writing_ = true;
			started_[static_cast<size_t>(sent_++)] = now_ns();
			StartWrite(&request_);
		}
	}

	grpc::ClientContext context_;
	bench::Blob request_, reply_;
	std::mutex mutex_;
	std::condition_variable condition_;
	std::vector<int64_t> started_, latency_;
	int depth_, items_;
	int sent_ = 0, received_ = 0;
	int64_t end_ = 0;
	bool writing_ = false, done_ = false, ok_ = false;
};

} // namespace

int
main(int argc, char **argv)
{
	if (argc == 2 && std::string(argv[1]) == "serve") {
		return serve();
	}
	if (argc != 5) {
		return 2;
	}
	grpc::ChannelArguments args;
	args.SetMaxReceiveMessageSize(-1);
	auto stub = bench::Echo::NewStub(
	    grpc::CreateCustomChannel("127.0.0.1:" + std::string(argv[1]), grpc::InsecureChannelCredentials(), args));
	Client client(stub.get(), std::stoul(argv[2]), std::stoi(argv[3]), std::stoi(argv[4]));
	return client.Report();
}
